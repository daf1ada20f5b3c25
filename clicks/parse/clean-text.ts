/**
 * Texts from outside as a click may have them: bounded, on one line, without anything that is not shown.
 *
 * Used by all that is in this folder. Whatever bytes came, the outcome is well-formed Unicode without
 * control characters and without the marks that turn the direction of writing, which would let a
 * referrer rewrite the line of a report that it stands in.
 */

/** Control characters, line and paragraph separators, marks of direction, the byte order mark. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu
const UNSEEN_ANY = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/u

/** @param max in UTF-16 units, as `CLICK_TEXT_MAX` counts; never ends within a character */
export function cleanText(text: string, max: number): string {
  // Nothing that is cut off may cost anything; what is removed is hardly ever more than a half.
  const head = text.length > 2 * max ? text.slice(0, 2 * max) : text
  const seen = UNSEEN_ANY.test(head) ? head.replaceAll(UNSEEN, ' ') : head
  return cutText(seen.toWellFormed().trim(), max).trimEnd()
}

/** The beginning of a text, not longer than `max` and not ending within a pair of surrogates. */
function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const isWithinPair = last >= 0xd8_00 && last <= 0xdb_ff
  return text.slice(0, isWithinPair ? max - 1 : max)
}

/**
 * A header as the bytes meant it: each character stands for a byte as long as none is beyond 255, and
 * these are UTF-8 if they can be, else Latin-1.
 */
export function headerText(text: string): string {
  if (!/[\u0080-\u00FF]/.test(text) || /[^\0-\u00FF]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  const decoded = bytes.toString('utf8')
  return decoded.includes('\uFFFD') ? text : decoded
}
