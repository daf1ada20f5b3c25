/**
 * Who a presented key belongs to, and whether it is asking too much.
 *
 * Used wherever a key is judged. The key of the settings is the first admin key; all others are in the
 * store. Hashes are compared in constant time: which hash, the id in the key says, which is no secret. What
 * is presented is never logged or kept.
 *
 * Requests are counted by each node for itself, in windows of a minute: up to twice the limit around the turn
 * of one. Last use is written at most once a minute for each key, whichever node sees it, behind the request.
 */
import { timingSafeEqual } from 'node:crypto'
import {
  idInSecret,
  secretDigest,
  type AccessKey,
  type KeyRole,
} from '../../cluster/keys/access-key.ts'
import type { KeyStore } from '../../cluster/keys/key-store.ts'
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { Person } from '../sign-in/person.ts'

/** Longer ones are not looked at: no key is that long. */
const PRESENTED_LENGTH_MAX = 1024
const MINUTE_MS = 60_000
/** Timers cannot be set for longer. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Who asks. */
export interface Caller {
  /** undefined: a person who is signed in, or the key of the settings. */
  readonly key: AccessKey | undefined
  readonly role: KeyRole
  /** undefined: it came with a key. */
  readonly person?: Person
}

export interface KeyRingOptions {
  /** Of the settings. */
  readonly apiKey: string
  readonly store: KeyStore
  readonly now: () => EpochMs
  readonly clock: Clock
}

export class KeyRing {
  readonly store: KeyStore
  readonly #digest: Buffer
  readonly #now: () => EpochMs
  readonly #clock: Clock
  /** Requests of this minute by key. Invariant: no more entries than keys there were at the last change. */
  readonly #windows = new Map<string, { readonly startedAt: number; count: number }>()
  readonly #noted = new Map<string, number>()

  constructor({ apiKey, store, now, clock }: KeyRingOptions) {
    this.store = store
    this.#digest = secretDigest(apiKey)
    this.#now = now
    this.#clock = clock
    store.onChange(() => this.#forgetRemoved())
  }

  /** undefined: it is no key, or none any more. */
  callerOf(presented: string): Caller | undefined {
    if (presented.length > PRESENTED_LENGTH_MAX) return undefined
    const key = this.#keyOf(presented)
    if (key !== undefined) return { key, role: key.role }
    const isFirst = timingSafeEqual(secretDigest(presented), this.#digest)
    return isFirst ? { key: undefined, role: 'admin' } : undefined
  }

  /** Counts a request. @throws TinygridError rate_limited */
  use({ key }: Caller): void {
    if (key === undefined) return
    const { id, requestsPerMinuteMax: max } = key
    if (max !== null) this.#count(id, max)
    const at = this.#now()
    const last = Math.max(key.lastUsedAt ?? 0, this.#noted.get(id) ?? 0)
    if (at - last < MINUTE_MS) return
    this.#noted.set(id, at)
    this.store.noteUse(id, at).catch(() => {
      // Nothing depends on it, and the next use writes it again.
    })
  }

  /**
   * Aborted when the caller's key is revoked, expires or is given other rights, or the session
   * ends; release it when nobody waits any more.
   */
  ended({ key, person }: Caller): { readonly signal: AbortSignal; readonly release: () => void } {
    const controller = new AbortController()
    if (key === undefined) {
      const release = person === undefined ? () => {} : this.#at(person.endsAt, controller)
      return { signal: controller.signal, release }
    }
    let cancelTimer: (() => void) | undefined
    const check = () => {
      const known = this.store.get(key.id)
      cancelTimer?.()
      if (known === undefined || this.#isExpired(known) || !isAsWide(known, key)) {
        return controller.abort()
      }
      if (known.expiresAt === null) return
      const ms = Math.min(known.expiresAt - this.#now(), TIMER_MS_MAX)
      cancelTimer = this.#clock.after(ms, check)
    }
    const forget = this.store.onChange(check)
    check()
    const release = () => {
      cancelTimer?.()
      forget()
    }
    return { signal: controller.signal, release }
  }

  /** Sessions last for days at most, so one timer reaches their end. */
  #at(endsAt: EpochMs, controller: AbortController): () => void {
    return this.#clock.after(Math.max(0, endsAt - this.#now()), () => controller.abort())
  }

  #keyOf(presented: string): AccessKey | undefined {
    const id = idInSecret(presented)
    const key = id === undefined ? undefined : this.store.get(id)
    if (key === undefined || this.#isExpired(key)) return undefined
    const kept = Buffer.from(key.hash, 'base64url')
    return timingSafeEqual(secretDigest(presented), kept) ? key : undefined
  }

  #isExpired({ expiresAt }: AccessKey): boolean {
    return expiresAt !== null && expiresAt <= this.#now()
  }

  #count(id: string, max: number): void {
    const now = this.#now()
    let window = this.#windows.get(id)
    if (window === undefined || now - window.startedAt >= MINUTE_MS) {
      window = { startedAt: now, count: 0 }
      this.#windows.set(id, window)
    }
    if (++window.count <= max) return
    const retryAfterSeconds = Math.ceil((window.startedAt + MINUTE_MS - now) / 1000)
    const detail = `This key may ask ${max} times in a minute`
    throw new TinygridError('rate_limited', { detail, retryAfterSeconds })
  }

  #forgetRemoved(): void {
    for (const known of [this.#windows, this.#noted]) {
      for (const id of known.keys()) if (this.store.get(id) === undefined) known.delete(id)
    }
  }
}

/** What a caller was let in with still holds. */
function isAsWide(known: AccessKey, then: AccessKey): boolean {
  return rightsOf(known) === rightsOf(then)
}

function rightsOf({ role, tags, domains }: AccessKey): string {
  return JSON.stringify([role, tags, domains])
}
