/**
 * The salts of days: what visitors are hashed with, so that nobody can be followed from day to day.
 *
 * Used by the recorder. Each day, UTC, has a salt of its own, which all nodes share, since a visitor
 * may meet several of them. It is in memory, and in a store for its day, so that a restart does not
 * make new visitors of old ones; when the day is over and late clicks are in, it is deleted there too,
 * and then nobody can tell any more who a visitor was. It is random, never derived from another one.
 *
 * A salt is there at once, always: if the store cannot be asked, one of this process, until the store
 * can. Meanwhile a visitor whom several nodes meet counts at each.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import { KEY_BYTES, KeyedHash } from './keyed-hash.ts'

/** Where the nodes of a cluster, or the starts of one process, find the same salt. */
export interface SaltStore {
  /**
   * The salt of a day: what was offered first.
   *
   * @param day since 1970, UTC
   * @throws if it cannot be asked
   */
  agree(day: number, offered: string): Promise<string>
  /** Deletes the salts of earlier days. */
  forget(before: number): Promise<void>
}

export interface DailySaltsOptions {
  readonly store: SaltStore
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

const DAY_MS = 86_400_000
/** How soon a salt that was not agreed is tried again, tomorrow's prepared, and an old one deleted. */
const UPKEEP_MS = 60_000
/** Before midnight, the next day's is agreed; after midnight, the last day's is kept for late clicks. */
const MARGIN_MS = 3_600_000
/** A clock that jumps about makes no more than these. */
const DAYS_MAX = 8
const SALT_PATTERN = /^[0-9a-f]{32}$/

interface Salt {
  readonly hash: KeyedHash
  readonly offered: string
  isAgreed: boolean
}

export class DailySalts {
  readonly #options: DailySaltsOptions
  readonly #salts = new Map<number, Salt>()
  #cancel: () => void = () => {}
  /** Days before this one are deleted. */
  #forgotten = 0

  constructor(options: DailySaltsOptions) {
    this.#options = options
  }

  /** Resolves when today's is agreed, or cannot be. */
  async start(): Promise<void> {
    await this.#upkeep()
  }

  close(): void {
    this.#cancel()
    this.#cancel = () => {}
  }

  /** What visitors of a day are hashed with: the same object as long as it is the same salt. */
  hashOf(day: number): KeyedHash {
    return (this.#salts.get(day) ?? this.#newSalt(day)).hash
  }

  async #upkeep(): Promise<void> {
    this.#cancel = this.#options.clock.after(UPKEEP_MS, () => void this.#upkeep())
    const now = this.#options.now()
    const today = dayOf(now)
    this.hashOf(today)
    this.hashOf(dayOf(now + MARGIN_MS))
    const oldest = dayOf(now - MARGIN_MS)
    for (const day of this.#salts.keys()) if (day < oldest) this.#salts.delete(day)
    try {
      for (const day of this.#salts.keys()) await this.#agree(day)
      if (oldest > this.#forgotten) await this.#options.store.forget(oldest)
      this.#forgotten = oldest
    } catch (error) {
      this.#options.onError('the salt of visitors could not be agreed', error)
    }
  }

  async #agree(day: number): Promise<void> {
    const salt = this.#salts.get(day)
    if (salt === undefined || salt.isAgreed) return
    const agreed = await this.#options.store.agree(day, salt.offered)
    if (!SALT_PATTERN.test(agreed)) throw new Error('what is stored as a salt is none')
    salt.isAgreed = true
    if (agreed === salt.offered) return
    this.#salts.set(day, { hash: hashWith(agreed), offered: agreed, isAgreed: true })
  }

  #newSalt(day: number): Salt {
    const offered = randomBytes(KEY_BYTES).toString('hex')
    const salt = { hash: hashWith(offered), offered, isAgreed: false }
    this.#salts.set(day, salt)
    for (const old of this.#salts.keys()) {
      if (this.#salts.size <= DAYS_MAX) break
      if (old !== day) this.#salts.delete(old)
    }
    return salt
  }
}

/** Since 1970, UTC. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS)
}

function hashWith(salt: string): KeyedHash {
  return new KeyedHash(Buffer.from(salt, 'hex'))
}
