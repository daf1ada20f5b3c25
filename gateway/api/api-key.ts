/**
 * The API key: found in a request's headers and compared in constant time.
 *
 * Both sides are hashed first, so the comparison sees equal lengths and the key itself is not kept.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Longer ones are not looked at: no key is that long. */
const PRESENTED_LENGTH_MAX = 1024

export class ApiKey {
  readonly #digest: Buffer

  constructor(key: string) {
    this.#digest = digestOf(key)
  }

  matches(presented: string): boolean {
    if (presented.length > PRESENTED_LENGTH_MAX) return false
    return timingSafeEqual(digestOf(presented), this.#digest)
  }
}

/** What a request presents as its key: `X-Api-Key`, or `Authorization: Bearer`. Other schemes are not meant for us. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-api-key']
  if (typeof key === 'string') return key
  const bearer = /^bearer +(.*)$/i.exec(headers.authorization ?? '')
  return bearer?.[1]
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
