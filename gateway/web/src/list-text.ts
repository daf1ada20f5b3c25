/** Lists and numbers as people type them into one field. Used by the forms of links, keys and webhooks. */

/** What stands between commas, without what is empty. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** What is no number stays text, which the service refuses by its field. */
export function numberOrText(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}
