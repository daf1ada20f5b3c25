/**
 * A key that this node holds and keeps renewing: its lease, and the controller's key if it has that.
 *
 * Each renewal is a compare-and-set on the revision of the one before, with one write in flight, so
 * the key is lost exactly when somebody else has deleted or taken it, and never by own doing. Used
 * by Membership; the content is the caller's, to which a renewal number is added.
 *
 * A write whose outcome is not known is resolved by reading the key, never by guessing:
 * 1. Renewal 7 is sent on revision r; the answer is lost.
 * 2. The key holds renewal 7: it landed. It holds an older renewal of this process at revision r or
 *    above: it has not, or not yet; renewal 8 is sent on the revision that was read. Should 7 land
 *    in between, 8 conflicts and is resolved the same way. The key is gone, another's, or says
 *    nothing that can be understood: lost. (It may have been deleted, which is a declaration of
 *    death, before somebody put nonsense there; so it must not be taken for one's own.)
 *
 * Time counts from when a successful write *began*: others saw it later than that, so whoever waits
 * from what he saw waits longer. It relies on the key-value adapter to end each call in time.
 */
import assert from 'node:assert/strict'
import { fieldsOf, Malformed, STORED_FORMAT } from '../stored-value.ts'
import type { Clock } from '../../links/clock.ts'
import { hasCode } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import type { KeyValue } from './key-value.ts'
import { LEASE_RENEW_MS } from './lease.ts'

/** After a failed call; well below LEASE_RENEW_MS, so that one failure costs no renewal. */
const RETRY_MS = 100

export interface HeldKeyOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly key: string
  readonly nodeId: NodeId
  /** Tells this process from any other, one of the same name too. */
  readonly holder: string
  /** What to write now, beside who holds it and the renewal number. */
  readonly content: () => object
  /** Called after each write with the time since the one before began; Infinity for the first. */
  readonly onRenewed?: (gapMs: number) => void
  /** Called at once when the key turns out to be deleted or another's. */
  readonly onLost: () => void
  readonly onError: (error: unknown) => void
}

export class LeasedKey {
  readonly #options: HeldKeyOptions
  /** Of the newest own write that is known to have landed; undefined: the key is not held. */
  #revision: number | undefined
  #renewedAt: number | undefined
  #renewal = 0
  /** The one write in flight, with finding out its outcome. Never rejects. */
  #writing: Promise<void> | undefined
  #isRenewalWanted = false
  /** The last write has not landed, as far as could be read. */
  #hasFailed = false
  #isReleased = false
  #cancelTimer: () => void = () => {}

  constructor(options: HeldKeyOptions) {
    this.#options = options
  }

  get isHeld(): boolean {
    return this.#revision !== undefined
  }

  /** When the last successful write began; undefined: the key is not held. */
  get renewedAt(): number | undefined {
    return this.#renewedAt
  }

  /**
   * Creates the key, or takes it over at the revision `expected`. Returns whether it is held.
   * @throws TinygridError key_value_unavailable if that is not known
   */
  async take(expected?: number): Promise<boolean> {
    if (this.isHeld || this.#writing !== undefined || this.#isReleased) return this.isHeld
    const taking = this.#take(expected)
    this.#writing = taking.then(ignore, ignore)
    try {
      return await taking
    } finally {
      this.#wrote()
    }
  }

  /** Renews as soon as no write is in flight: what it says has changed. */
  renewSoon(): void {
    this.#isRenewalWanted = true
    if (this.isHeld && this.#writing === undefined) this.#renew()
  }

  /** Deletes the key if it is held, and takes it never again. */
  async release(): Promise<void> {
    this.#isReleased = true
    this.#cancelTimer()
    await this.#writing
    const revision = this.#revision
    this.#forget()
    // If this fails, the key goes the way of a dead node's.
    if (revision !== undefined) await this.#delete(revision)
  }

  async #take(expected: number | undefined): Promise<boolean> {
    const { keyValue, key, clock } = this.#options
    const began = clock.now()
    const text = this.#nextText()
    try {
      const revision =
        expected === undefined
          ? await keyValue.create(key, text)
          : await keyValue.update(key, text, expected)
      this.#landed(revision, began)
    } catch (error) {
      if (!hasCode(error, 'key_value_conflict', 'key_value_unavailable')) throw error
      // A conflict with an own earlier attempt whose answer was lost means that the key is held.
      await this.#readBack(this.#renewal, began)
    }
    return this.isHeld
  }

  #renew(): void {
    this.#cancelTimer()
    this.#writing = this.#renewOnce().finally(() => this.#wrote())
  }

  async #renewOnce(): Promise<void> {
    // All that changes within this turn goes into one write.
    await Promise.resolve()
    if (this.#revision === undefined || this.#isReleased) return
    const { keyValue, key, clock, onError } = this.#options
    this.#isRenewalWanted = false
    this.#hasFailed = false
    const began = clock.now()
    const text = this.#nextText()
    const renewal = this.#renewal
    try {
      this.#landed(await keyValue.update(key, text, this.#revision), began)
    } catch (error) {
      if (!hasCode(error, 'key_value_conflict')) onError(error)
      await this.#findOut(renewal, began)
    }
  }

  /** Until it is known whether the key is held, and at which revision. */
  async #findOut(renewal: number, began: number): Promise<void> {
    while (!this.#isReleased) {
      try {
        await this.#readBack(renewal, began)
        if (!this.isHeld) this.#options.onLost()
        return
      } catch (error) {
        this.#options.onError(error)
        await this.#pause()
      }
    }
  }

  async #readBack(renewal: number, began: number): Promise<void> {
    const { keyValue, key, holder } = this.#options
    const entry = await keyValue.get(key)
    const held = entry?.value === undefined ? undefined : parseHeld(entry.value)
    if (entry === undefined || held?.['holder'] !== holder) {
      this.#forget()
    } else if (held['renewal'] === renewal) {
      this.#landed(entry.revision, began)
    } else {
      // An older attempt, landed late. When it began is not known any more, so it renews nothing.
      this.#revision = entry.revision
      this.#hasFailed = true
    }
  }

  #landed(revision: number, began: number): void {
    const gap = began - (this.#renewedAt ?? -Infinity)
    assert(gap >= 0, 'one write at a time')
    this.#revision = revision
    this.#renewedAt = began
    this.#options.onRenewed?.(gap)
  }

  #wrote(): void {
    this.#writing = undefined
    if (!this.isHeld || this.#isReleased) return
    if (this.#isRenewalWanted) {
      this.#renew()
      return
    }
    const { clock } = this.#options
    const due = (this.#renewedAt ?? clock.now()) + LEASE_RENEW_MS - clock.now()
    const delay = this.#hasFailed ? RETRY_MS : Math.max(0, due)
    this.#cancelTimer = clock.after(delay, () => this.#renew())
  }

  #nextText(): string {
    const { nodeId, holder, content } = this.#options
    const held = { holder, renewal: ++this.#renewal }
    return JSON.stringify({ format: STORED_FORMAT, nodeId, ...content(), ...held })
  }

  #forget(): void {
    this.#revision = undefined
    this.#renewedAt = undefined
    this.#hasFailed = false
  }

  async #delete(revision: number): Promise<void> {
    try {
      await this.#options.keyValue.delete(this.#options.key, revision)
    } catch (error) {
      this.#options.onError(error)
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#options.clock.after(RETRY_MS, resolve)
    })
  }
}

/** undefined: it is no text of a holder. */
function parseHeld(text: string) {
  try {
    return fieldsOf(text)
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

function ignore(): void {}
