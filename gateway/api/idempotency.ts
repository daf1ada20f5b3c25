/**
 * Makes a creation safe to repeat: everything about it that could differ follows from the key.
 *
 * Used by link creation. A client that did not get its answer asks again with the same
 * Idempotency-Key; then the same codes are tried, and each write carries the same operation id, by
 * which the code's owner finds what it answered first (OPERATION_KEPT_MS). The same key with another
 * body is another request, unless they differ in the password alone. Codes are drawn with a secret, because a client's key may be guessed and
 * codes must not be.
 *
 * Rejected: answers kept by the gateway, which forgets them when it stops and which the next gateway
 * does not have.
 */
import { createHmac } from 'node:crypto'
import type { LinkDraft } from './link-draft.ts'
import { TinygridError } from '../../links/errors.ts'
import { optionsOf } from '../../links/link-options.ts'
import type { Code } from '../../links/ids.ts'
import type { RandomBytes } from './link-code.ts'

export const IDEMPOTENCY_KEY = 'Idempotency-Key'
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255

const VISIBLE_ASCII = /^[\x21-\x7e]+$/

/** The key in a request's header; undefined if there is none. @throws TinygridError invalid_field */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header)
  if (VISIBLE_ASCII.test(text) && text.length <= IDEMPOTENCY_KEY_LENGTH_MAX) return text
  const detail = `${IDEMPOTENCY_KEY} must have 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`
  throw new TinygridError('invalid_field', { field: IDEMPOTENCY_KEY, detail })
}

/** One request that may come more than once. */
export class RepeatableRequest {
  readonly #secret: string
  /** Key and request, so that no other pair of them has the same text. */
  readonly #name: string

  /** @param secret the same on all nodes */
  constructor(secret: string, key: string, draft: LinkDraft) {
    const { url, alias, domain, reuse, title, tags, expiresAt, maxVisits, password } = draft
    this.#secret = secret
    const plain = [key, url, alias, reuse, title, tags, expiresAt, maxVisits]
    // Whoever reads the log could try passwords by what follows from this, far faster than by their hash.
    const secrets = password === null ? [] : ['password']
    // Left out of the default domain, so that nodes of before have the same name for the same request.
    const elsewhere = domain === null ? [] : [['domain', domain]]
    const options = Object.entries(optionsOf(draft))
    this.#name = JSON.stringify([...plain, ...elsewhere, ...options, ...secrets])
  }

  /** At most OPERATION_ID_LENGTH_MAX characters. */
  operationId(code: Code): string {
    return this.#digest('operation', code).toString('base64url')
  }

  /** Looks random, and is the same each time. */
  randomBytes(): RandomBytes {
    let count = 0
    return (size) => {
      const parts: Buffer[] = []
      for (let length = 0; length < size; length += DIGEST_BYTES) {
        parts.push(this.#digest('code', String(count++)))
      }
      return Buffer.concat(parts).subarray(0, size)
    }
  }

  #digest(purpose: string, what: string): Buffer {
    return createHmac('sha256', this.#secret)
      .update(JSON.stringify([purpose, what, this.#name]))
      .digest()
  }
}

const DIGEST_BYTES = 32
