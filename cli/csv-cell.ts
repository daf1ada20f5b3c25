/**
 * Cells of the CSV files that the commands write and read: safe in a spreadsheet, exact on the way
 * back.
 *
 * A spreadsheet runs a cell that starts with = + - @ (or a tab or carriage return before them) as a
 * formula, and a title or a code comes from whoever made the link. So such a cell is written with a
 * leading apostrophe, which a spreadsheet takes as "this is text". Reading takes it off again. A
 * cell that already looks guarded gets one more, so that writing and reading are exact inverses.
 * The one price: a foreign file whose cell really starts with '= loses that apostrophe.
 *
 * Rejected: dropping the character (the code -abc would come back as abc), and guarding by quotes
 * alone (quotes are CSV's own and are gone before the formula is looked at).
 *
 * Source: OWASP, CSV Injection.
 */

const NEEDS_GUARD = /^'*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/
const IS_GUARDED = /^'+[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/
const TAG_SEPARATOR = ';'

export function guardCell(text: string): string {
  return NEEDS_GUARD.test(text) ? `'${text}` : text
}

export function unguardCell(cell: string): string {
  return IS_GUARDED.test(cell) ? cell.slice(1) : cell
}

/** `a;b`, or a JSON list where a tag would not survive being joined and split. */
export function joinTags(tags: readonly string[]): string {
  const joined = tags.join(TAG_SEPARATOR)
  const back = splitTags(joined)
  const survives = back.length === tags.length && back.every((tag, i) => tag === tags[i])
  return survives ? joined : JSON.stringify(tags)
}

/** The tags of a cell: a JSON list if it is one, otherwise split at semicolons and trimmed. */
export function splitTags(cell: string): string[] {
  return (
    listFromJson(cell) ??
    cell
      .split(TAG_SEPARATOR)
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
  )
}

function listFromJson(cell: string): string[] | undefined {
  if (!cell.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(cell)
    return Array.isArray(value) && value.every((tag) => typeof tag === 'string') ? value : undefined
  } catch {
    return undefined
  }
}
