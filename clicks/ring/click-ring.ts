/**
 * The ring: what a redirect leaves behind of itself, until the recorder takes it.
 *
 * Filled by the gateway once per redirect, and per answer that there is no such link, in the turn in
 * which it answers; emptied by the recorder. It keeps references to what exists anyway: nothing
 * is parsed, copied or made here, because this is on the path of every redirect. It is bounded by clicks
 * and by the bytes of heads and paths that it keeps alive; what comes while it is full is dropped and counted.
 *
 * Arrays side by side, since an object per click would be one more thing to make and to collect. Which rule
 * decided lies beside them, for the few clicks of which one did: all others pay nothing for it.
 */
import type { Code, EpochMs } from '../../links/ids.ts'

/**
 * A request's head, as whoever read it has it: its text from behind the target, as far as the empty
 * line; or names and values by turns, as Node gives them.
 */
export type Head = string | readonly string[]

export interface ClickNotes {
  /**
   * @param address the socket's, '' if it is not known any more
   * @param path of the request, with its query; or the query alone, from its question mark on
   * @param target where the visitor was sent
   */
  note(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
    target: string,
  ): void
  /** As `note`, of a visitor whom a redirect rule of the link led there. @param rule from 1 */
  noteRuled(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
    target: string,
    rule: number,
  ): void
  /** There is no such link, or none any more: at most ORPHANS_PER_SECOND_MAX are held of a second. */
  noteOrphan(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
  ): void
}

/** Whoever tries codes fills neither the log nor the store with what he tried. */
export const ORPHANS_PER_SECOND_MAX = 100

export interface ClickRingOptions {
  readonly clicksMax: number
  readonly bytesMax: number
  /** Clicks after which `onMany` is told, once until they are taken. */
  readonly many: number
  /** There is a first click since the last were taken. */
  readonly onFirst: () => void
  readonly onMany: () => void
}

export class ClickRing implements ClickNotes {
  readonly #options: ClickRingOptions
  readonly #clicksMax: number
  readonly #many: number
  readonly codes: Code[]
  readonly times: number[]
  readonly statuses: number[]
  readonly addresses: string[]
  readonly heads: Head[]
  readonly paths: string[]
  readonly targets: string[]
  /** By place, of clicks that a rule decided. */
  readonly rules = new Map<number, number>()
  /** Clicks held: the first so many places of each array. */
  #count = 0
  /** Of heads that the click before does not have too, and of paths. */
  #bytes = 0
  #dropped = 0
  #orphansDropped = 0
  /** The second whose orphans are counted, and how many there were. */
  #second = 0
  #orphans = 0

  constructor(options: ClickRingOptions) {
    const { clicksMax, many } = options
    this.#options = options
    this.#clicksMax = clicksMax
    this.#many = many
    this.codes = Array.from({ length: clicksMax }, () => '' as Code)
    this.times = Array.from({ length: clicksMax }, () => 0.5)
    this.statuses = Array.from({ length: clicksMax }, () => 0)
    this.addresses = Array.from({ length: clicksMax }, () => '')
    this.heads = Array.from<Head>({ length: clicksMax }).fill('')
    this.paths = Array.from({ length: clicksMax }, () => '')
    this.targets = Array.from({ length: clicksMax }, () => '')
  }

  get count(): number {
    return this.#count
  }

  /** Ever dropped because the ring was full. */
  get dropped(): number {
    return this.#dropped
  }

  /** Ever dropped because there were too many of their second. */
  get orphansDropped(): number {
    return this.#orphansDropped
  }

  noteOrphan(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
  ): void {
    const second = Math.floor(at / 1000)
    if (second !== this.#second) this.#orphans = 0
    this.#second = second
    if (++this.#orphans > ORPHANS_PER_SECOND_MAX) this.#orphansDropped++
    else this.note(code, at, status, address, head, path, '')
  }

  noteRuled(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
    target: string,
    rule: number,
  ): void {
    const place = this.#count
    this.note(code, at, status, address, head, path, target)
    if (this.#count > place) this.rules.set(place, rule)
  }

  note(
    code: Code,
    at: EpochMs,
    status: number,
    address: string,
    head: Head,
    path: string,
    target: string,
  ): void {
    const place = this.#count
    if (place === this.#clicksMax || this.#bytes > this.#options.bytesMax) {
      this.#dropped++
      return
    }
    this.codes[place] = code
    this.times[place] = at
    this.statuses[place] = status
    this.addresses[place] = address
    this.heads[place] = head
    this.paths[place] = path
    // Of most there is nothing to keep, and they need not be found again when their bytes have left the cache.
    this.targets[place] = target.indexOf('?') < 0 ? '' : target
    this.#bytes += path.length
    if (place === 0 || head !== this.heads[place - 1]) this.#bytes += sizeOf(head)
    this.#count = place + 1
    if (place === 0) this.#options.onFirst()
    if (place + 1 === this.#many) this.#options.onMany()
  }

  /** What was held has been taken; nothing of it is kept alive. */
  clear(): void {
    const count = this.#count
    this.#count = 0
    this.#bytes = 0
    this.heads.fill('', 0, count)
    this.codes.fill('' as Code, 0, count)
    this.paths.fill('', 0, count)
    this.targets.fill('', 0, count)
    this.addresses.fill('', 0, count)
    if (this.rules.size > 0) this.rules.clear()
  }
}

function sizeOf(head: Head): number {
  if (typeof head === 'string') return head.length
  let size = 0
  for (const text of head) size += text.length
  return size
}
