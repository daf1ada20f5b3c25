/**
 * HTML by template: everything interpolated is escaped unless it was made by `html` itself.
 *
 * Used by the pages that the server writes. Rejected: a template library, for four small pages.
 */

/** A piece of HTML that is safe to put into another one. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function html(parts: TemplateStringsArray, ...values: readonly (string | Html)[]): Html {
  const text = parts.map(
    (part, index) => part + (index < values.length ? safe(values[index]!) : ''),
  )
  return new Html(text.join(''))
}

function safe(value: string | Html): string {
  if (value instanceof Html) return value.text
  return value.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}
