/**
 * The frame of the pages that the server writes itself: the same look as the web page, no script.
 *
 * Used for what a visitor sees when a short link leads nowhere, and for previews. The style sheet
 * is a file of its own (`site-files.ts`), because the content security policy forbids inline style.
 */

export const STYLESHEET_PATH = '/pages.css'

export const HTML_TYPE = 'text/html; charset=utf-8'

export interface PageParts {
  readonly title: string
  readonly content: Html
  /** For programs: more of the document's head. */
  readonly head?: Html
}

export function page({ title, content, head = html`` }: PageParts): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        <title>${title}</title>
        ${head}
        <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
        <link rel="stylesheet" href="${STYLESHEET_PATH}" />
      </head>
      <body>
        <main>${content}</main>
        <footer><a href="/">Tinygrid</a></footer>
      </body>
    </html> `
  return document.text
}

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
