/**
 * The desk where passwords are hashed and checked, a few at a time.
 *
 * Used by the API, which makes hashes, and by the form of links that have a password. A check takes some
 * 150 ms of a processor and 16 MB, on Node's thread pool, where the embedded log and store work too:
 * with two at a time redirects and writes have threads left, and what an attacker can take is bounded. Some may wait, in
 * order; one more is refused with passwords_waiting (503 with Retry-After).
 */
import { randomBytes } from 'node:crypto'
import { TinygridError } from '../../links/errors.ts'
import { hashPassword, isPassword } from '../../links/password-hash.ts'

export interface PasswordWork {
  hash(password: string): Promise<string>
  check(password: string, hash: string): Promise<boolean>
}

export interface PasswordDeskOptions {
  /** At a time. */
  readonly workMax: number
  readonly waitingMax: number
  readonly work: PasswordWork
}

const SCRYPT: PasswordWork = {
  hash: (password) => hashPassword(password, randomBytes),
  check: isPassword,
}

const DEFAULTS: PasswordDeskOptions = { workMax: 2, waitingMax: 64, work: SCRYPT }
/** For who is refused: by then all that wait are done. */
const RETRY_AFTER_S = 5

export class PasswordDesk {
  readonly #options: PasswordDeskOptions
  /** Invariant: at most workMax. */
  #working = 0
  /** Invariant: empty while #working is below workMax; at most waitingMax. */
  readonly #waiting: (() => void)[] = []

  constructor(options: Partial<PasswordDeskOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options }
  }

  /** How the password is stored. @throws TinygridError passwords_waiting */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#options.work.hash(password))
  }

  /** @throws TinygridError passwords_waiting */
  check(password: string, hash: string): Promise<boolean> {
    return this.#inTurn(() => this.#options.work.check(password, hash))
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#admit()
    try {
      return await work()
    } finally {
      // Whoever comes next takes over the place.
      const next = this.#waiting.shift()
      if (next === undefined) this.#working--
      else next()
    }
  }

  #admit(): Promise<void> {
    const { workMax, waitingMax } = this.#options
    if (this.#working < workMax) {
      this.#working++
      return Promise.resolve()
    }
    if (this.#waiting.length >= waitingMax) {
      const error = new TinygridError('passwords_waiting', { retryAfterSeconds: RETRY_AFTER_S })
      return Promise.reject(error)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
