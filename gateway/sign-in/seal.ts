/**
 * Text that only this service can read and make, for cookies: encrypted and authenticated by a secret that all
 * nodes share.
 *
 * AES-256-GCM with a key of its own for each purpose and for what the settings say, so that no cookie can stand
 * for another kind, and none outlives the settings under which it was made. Each has its end in it. Rejected:
 * sessions that nodes keep, which the next node would not have; signed text, which would tell its reader names.
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import type { EpochMs } from '../../links/ids.ts'

export type Purpose = 'session' | 'login' | 'sign-out'

/** Longest sealed text: what browsers keep of a cookie, but for its name and attributes. */
const SEALED_LENGTH_MAX = 3_800

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEALED_PATTERN = /^[A-Za-z0-9_-]+$/

export class Seal {
  readonly #secret: Buffer
  readonly #context: string
  readonly #keys = new Map<Purpose, Buffer>()

  /** @param context what must be the same when it is opened */
  constructor(secret: Buffer, context: string) {
    this.#secret = secret
    this.#context = context
  }

  /** undefined: it would be longer than a cookie may be. */
  seal(purpose: Purpose, content: object, endsAt: EpochMs): string | undefined {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#keyFor(purpose), nonce)
    const text = JSON.stringify({ endsAt, content })
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final()])
    const sealed = Buffer.concat([bytes, cipher.getAuthTag()]).toString('base64url')
    return sealed.length > SEALED_LENGTH_MAX ? undefined : sealed
  }

  /** undefined: it was not made here for this purpose, or is over. */
  open(purpose: Purpose, sealed: string, now: EpochMs): Opened | undefined {
    if (sealed.length > SEALED_LENGTH_MAX || !SEALED_PATTERN.test(sealed)) return undefined
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
    const nonce = bytes.subarray(0, NONCE_BYTES)
    try {
      const cipher = createDecipheriv(CIPHER, this.#keyFor(purpose), nonce)
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const text = cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8')
      const opened = JSON.parse(text + cipher.final('utf8')) as Opened
      return now < opened.endsAt ? opened : undefined
    } catch {
      return undefined
    }
  }

  #keyFor(purpose: Purpose): Buffer {
    const known = this.#keys.get(purpose)
    if (known !== undefined) return known
    const info = JSON.stringify(['tinygrid', purpose, this.#context])
    const key = Buffer.from(hkdfSync('sha256', this.#secret, '', digest(info), KEY_BYTES))
    this.#keys.set(purpose, key)
    return key
  }
}

export interface Opened {
  readonly endsAt: EpochMs
  /** As it was sealed: nobody else could make it. */
  readonly content: unknown
}

/** HKDF takes at most a kilobyte of it. */
function digest(info: string): Buffer {
  return hash('sha256', info, 'buffer')
}
