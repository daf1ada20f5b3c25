/**
 * How many bytes a value can take as JSON, without writing it.
 *
 * Used where calls between nodes are kept below what NATS takes. Never too low; too high by up to three
 * times for texts of plain letters, since a character may take three bytes, or be escaped. What control
 * characters would take is not counted: no field of a link has any.
 */

/** Of a number, or a word such as `null`, and a comma. */
const WORD_BYTES_MAX = 25
/** Quotes and a comma or colon, or brackets and a comma. */
const MARKS_BYTES = 3
const CHARACTER_BYTES_MAX = 3

export function jsonBytesMax(value: unknown): number {
  if (typeof value === 'string') return CHARACTER_BYTES_MAX * value.length + MARKS_BYTES
  if (typeof value !== 'object' || value === null) return WORD_BYTES_MAX
  let bytes = MARKS_BYTES
  if (Array.isArray(value)) {
    for (const item of value) bytes += jsonBytesMax(item)
    return bytes
  }
  for (const [key, field] of Object.entries(value)) {
    bytes += key.length + MARKS_BYTES + jsonBytesMax(field)
  }
  return bytes
}
