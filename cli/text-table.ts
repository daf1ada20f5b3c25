/**
 * What commands show to people: columns of text that may come from anybody.
 *
 * Titles and addresses are written by others. A terminal would obey control characters in them, and text that
 * runs from right to left can look like another address: both are shown as what they are, `\u{1b}`.
 */

/** Controls, formats (which turn the direction), line ends, halves of characters; joiners of emoji may stay. */
const OBEYED = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** Text as a terminal may get it: one line that obeys nobody. */
export function harmless(text: string): string {
  return text.replaceAll(OBEYED, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}

export type Cell = string | number | boolean | null | undefined

/** A head and rows, each column as wide as its widest cell; numbers stand right. */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(textOf))
  const widths = head.map((name, at) =>
    texts.reduce((widest, row) => Math.max(widest, row[at]!.length), name.length),
  )
  const isNumber = head.map((_, at) => rows.some((row) => typeof row[at] === 'number'))
  const lines = [head, ...texts].map((row) => {
    const cells = row.map((text, at) =>
      isNumber[at] === true ? text.padStart(widths[at]!) : text.padEnd(widths[at]!),
    )
    return `${cells.join('  ').trimEnd()}\n`
  })
  return lines.join('')
}

/** Names and values, one a line. */
export function textList(entries: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('')
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '-'
  return typeof cell === 'string' ? harmless(cell) : String(cell)
}
