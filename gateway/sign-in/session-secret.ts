/**
 * The secret by which sessions are sealed: made once, and the same on all nodes.
 *
 * Kept as `cluster/kept/kept-text.ts` keeps texts: in the private bucket of a cluster, embedded in a file of the data
 * directory. It is made when somebody first signs in. Taken away, every session ends: in a cluster at once,
 * embedded at the next start.
 */
import { randomBytes } from 'node:crypto'
import type { KeptText } from '../../cluster/kept/kept-text.ts'
import { Seal } from './seal.ts'

const SECRET_BYTES = 32
const KEPT_PATTERN = /^v1 ([A-Za-z0-9_-]{43})$/

export class SessionSecret {
  readonly #text: KeptText
  readonly #context: string
  #known: { readonly text: string; readonly seal: Seal } | undefined

  /** @param context as `Seal` takes it */
  constructor(text: KeptText, context: string) {
    this.#text = text
    this.#context = context
  }

  /** undefined: nobody has signed in. */
  get current(): Seal | undefined {
    const text = this.#text.current
    if (text === undefined) return undefined
    if (this.#known?.text === text) return this.#known.seal
    const secret = secretIn(text)
    if (secret === undefined) return undefined
    const seal = new Seal(secret, this.#context)
    this.#known = { text, seal }
    return seal
  }

  /** With a secret in any case. @throws as `KeptText.change` */
  async ensured(): Promise<Seal> {
    const { current } = this
    if (current !== undefined) return current
    await this.#text.change((text) => (secretIn(text) === undefined ? newText() : text!))
    return this.current!
  }
}

function newText(): string {
  return `v1 ${randomBytes(SECRET_BYTES).toString('base64url')}`
}

function secretIn(text: string | undefined): Buffer | undefined {
  const kept = KEPT_PATTERN.exec(text ?? '')?.[1]
  return kept === undefined ? undefined : Buffer.from(kept, 'base64url')
}
