/**
 * What clients did to a cluster, and whether what it answered was right.
 *
 * Used by the scenarios of a cluster. Each link is written by one writer at a time, so its states
 * have an order. An answer is right if it shows a state that may have been the newest at some moment
 * of the request:
 *
 * - A write that was acknowledged is there from then on. One whose outcome is not known may have
 *   happened or not; its link is not written again before `settle` has seen which.
 * - A redirect to a URL that its code never had is wrong. So is a 404 for a link whose creation was
 *   acknowledged before the request and that was not purged. Always, whoever answers.
 * - An older state of the link is wrong if the owner says it (X-Tinygrid-Source: owner).
 * - Others may say it for NEAR_MS after the newer one was acknowledged, and during a disturbance:
 *   from a fault until every partition is writable again. After that, never.
 *
 * Answers of 503 and requests that are cut off are counted, not wrong; where a scenario promises
 * that there are none, it says so.
 */

/** undefined: the link is not there. */
export type LinkState =
  { readonly url: string; readonly title: string | null; readonly isDeleted: boolean } | undefined

/** A state that a link has or may have, as a write asked for it. */
export interface Version {
  readonly state: LinkState
  readonly beganAt: number
  /** Infinity: it is under way, or its outcome is not known. */
  ackedAt: number
}

/** What a request showed of a link. */
export type Shown =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'absent' }

export interface Reading {
  readonly code: string
  readonly shown: Shown
  readonly beganAt: number
  readonly endedAt: number
  /** As X-Tinygrid-Source says; undefined: nothing was said. */
  readonly source: string | undefined
}

/** How old an answer of a near cache may be, and what its arrival may take on a busy machine. */
export const NEAR_MS = 1_000 + 1_000

interface Disturbance {
  readonly from: number
  to: number
}

export class ClusterHistory {
  readonly #links = new Map<string, Version[]>()
  readonly #codes: string[] = []
  /** With a write that is under way, or whose outcome is not known. */
  readonly #busy = new Set<string>()
  /** Of the busy ones, those of which nothing more will be heard. */
  readonly #unknown = new Set<string>()
  readonly #disturbances: Disturbance[] = []
  /** Everything that must not be. */
  readonly wrong: string[] = []
  readonly now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  get codes(): readonly string[] {
    return this.#codes
  }

  /** Links with a write whose outcome is not known. */
  get unknown(): readonly string[] {
    return [...this.#unknown]
  }

  has(code: string): boolean {
    return this.#links.has(code)
  }

  isBusy(code: string): boolean {
    return this.#busy.has(code)
  }

  /** The state that the link has as far as it is known. */
  stateOf(code: string): LinkState {
    return this.#links.get(code)!.findLast(({ ackedAt }) => ackedAt !== Infinity)!.state
  }

  add(code: string): void {
    this.#links.set(code, [{ state: undefined, beganAt: -Infinity, ackedAt: -Infinity }])
    this.#codes.push(code)
  }

  /** A write is about to be sent; `acknowledge` or `abandon` follows. */
  begin(code: string, state: LinkState): Version {
    const version = { state, beganAt: this.now(), ackedAt: Infinity }
    this.#links.get(code)!.push(version)
    this.#busy.add(code)
    return version
  }

  acknowledge(code: string, version: Version): void {
    version.ackedAt = this.now()
    this.#busy.delete(code)
  }

  /** The write was cut off, or refused in a way that does not say whether it was done. */
  abandon(code: string): void {
    this.#unknown.add(code)
  }

  /** A fault begins. @returns its end: every partition is writable again */
  disturb(): () => void {
    const disturbance = { from: this.now(), to: Infinity }
    this.#disturbances.push(disturbance)
    return () => (disturbance.to = this.now() + NEAR_MS)
  }

  /** Judges an answer. */
  check(reading: Reading): void {
    const versions = this.#links.get(reading.code)!
    const began = versions.filter(({ beganAt }) => beganAt <= reading.endedAt)
    const at = began.findLastIndex(({ state }) => isShownBy(state, reading.shown))
    if (at < 0) return this.#note(reading, 'which it never was')
    const newer = began.slice(at + 1).filter(({ ackedAt }) => ackedAt <= reading.beganAt)
    if (newer.length === 0) return
    const staleMs = reading.beganAt - newer[0]!.ackedAt
    if (!this.#mayBeStale(reading, staleMs)) {
      this.#note(reading, `${Math.round(staleMs)} ms after a newer state was acknowledged`)
    }
  }

  /** Compares a link that nobody writes now with what is there, which is its state from then on. */
  settle(code: string, found: LinkState, where: string): void {
    const versions = this.#links.get(code)!
    const known = versions.findLastIndex(({ ackedAt }) => ackedAt !== Infinity)
    const at = versions.findLastIndex(({ state }, index) => {
      return index >= known && JSON.stringify(state) === JSON.stringify(found)
    })
    if (at < 0) {
      const possible = JSON.stringify(versions.slice(known).map(({ state }) => state ?? null))
      this.wrong.push(`${code} ${where} is ${JSON.stringify(found)}, which is none of ${possible}`)
    } else if (this.#unknown.delete(code)) {
      this.#busy.delete(code)
      const { state, beganAt } = versions[at]!
      versions.push({ state, beganAt, ackedAt: this.now() })
    }
  }

  #mayBeStale({ shown, source, beganAt, endedAt }: Reading, staleMs: number): boolean {
    if (shown.kind === 'absent' || source === 'owner') return false
    if (staleMs <= NEAR_MS) return true
    return this.#disturbances.some(({ from, to }) => from <= endedAt && beganAt <= to)
  }

  #note({ code, shown, source, endedAt, beganAt }: Reading, what: string): void {
    const by = `${source ?? 'unsaid'}, ${Math.round(endedAt - beganAt)} ms`
    const states = JSON.stringify(
      this.#links
        .get(code)!
        .slice(-4)
        .map(({ state, beganAt: from, ackedAt: to }) => {
          return [
            state?.url,
            state?.isDeleted,
            Math.round(from - beganAt),
            Math.round(to - beganAt),
          ]
        }),
    )
    this.wrong.push(`${code} was shown as ${JSON.stringify(shown)} (${by}), ${what}: ${states}`)
  }
}

function isShownBy(state: LinkState, shown: Shown): boolean {
  if (state === undefined) return shown.kind === 'absent'
  if (state.isDeleted) return shown.kind === 'gone'
  return shown.kind === 'redirect' && shown.url === state.url
}
