/**
 * How much a link takes in a call between nodes, at most: told from its texts, without encoding it.
 *
 * Used where many links travel together, so that no message is longer than a NATS server takes.
 */
import type { Link } from '../../links/link.ts'

/** Everything but the texts that a client gives. Of a reused link: its title and tags too. */
const FIELDS_BYTES_MAX = 2048
/** Escaped, or in UTF-8. */
const CHARACTER_BYTES_MAX = 3

type Texts = Pick<Link, 'url' | 'title' | 'tags' | 'expiredUrl' | 'rules'>

/** At least its bytes as JSON. */
export function linkBytes({ url, title, tags, expiredUrl, rules }: Texts): number {
  const texts = [url, title ?? '', expiredUrl ?? '', ...tags]
  const characters = texts.reduce((sum, text) => sum + text.length, 0)
  // Rules are ASCII, and short of other texts: they are written as they are.
  const rulesBytes = rules === undefined ? 0 : JSON.stringify(rules).length
  return FIELDS_BYTES_MAX + CHARACTER_BYTES_MAX * characters + rulesBytes
}
