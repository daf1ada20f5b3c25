/**
 * What a client did to a server that is killed again and again, and what must hold afterwards.
 *
 * Used by the kill scenarios. Each link is written by one writer at a time. A write that was
 * acknowledged must be there after the restart; one that was cut off may have happened or not, but
 * wholly; and no code may ever lead to another URL than the one it was given for.
 */
import assert from 'node:assert/strict'
import type { Program } from './program.ts'

/** undefined: the link was not created. */
type State =
  { readonly url: string; readonly title: string | null; readonly deleted: boolean } | undefined

interface Known {
  /** The states that the link may be in; one, unless a write was cut off. */
  possible: readonly State[]
  readonly urls: Set<string>
  isBusy: boolean
}

/** Links checked after each restart, with those that were just written to. */
const CHECKED_MIN = 100

export class KillHistory {
  readonly #links = new Map<string, Known>()
  readonly #codes: string[] = []
  /** Written to since the last check. */
  #touched = new Set<string>()
  #seed: number
  acknowledged = 0
  unknown = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** A whole number from `min` to `max`; the same sequence for the same seed (mulberry32). */
  random(min: number, max: number): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return min + (((t ^ (t >>> 14)) >>> 0) % (max - min + 1))
  }

  /** Writes until the signal or the end of the server. */
  async write(program: Program, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const old = this.#codes[this.random(0, this.#codes.length)]
      const isFree = old !== undefined && !this.#links.get(old)!.isBusy
      const code = isFree && this.random(0, 1) === 0 ? old : this.#newCode()
      const known = this.#links.get(code)!
      this.#touched.add(code)
      known.isBusy = true
      await this.#writeOne(program, code, known)
      known.isBusy = false
    }
  }

  #newCode(): string {
    const code = `k${this.#codes.length.toString(36)}`
    this.#codes.push(code)
    this.#links.set(code, { possible: [undefined], urls: new Set(), isBusy: false })
    return code
  }

  async #writeOne(program: Program, code: string, known: Known): Promise<void> {
    const before = known.possible
    const { request, after } = this.#next(code, before[0])
    if (after !== undefined) known.urls.add(after.url)
    known.possible = [...before, after]
    try {
      const response = await request(program)
      await response.arrayBuffer()
      assert(response.status < 300 || response.status === 503, `${response.status} for ${code}`)
      known.possible = response.status < 300 ? [after] : before
      this.acknowledged++
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      this.unknown++
    }
  }

  #next(
    code: string,
    state: State,
  ): { request: (program: Program) => Promise<Response>; after: State } {
    const title = `title ${this.random(0, 1e9)}`
    if (state === undefined) {
      const url = `https://example.org/${code}/${this.random(0, 1e9)}`
      return {
        request: (program) => program.create({ url, code, title }),
        after: { url, title, deleted: false },
      }
    }
    const route = `/api/links/${code}`
    if (state.deleted) {
      return {
        request: (program) => program.api(`${route}/restore`, { method: 'POST' }),
        after: { ...state, deleted: false },
      }
    }
    if (this.random(0, 2) === 0) {
      return {
        request: (program) => program.api(route, { method: 'DELETE' }),
        after: { ...state, deleted: true },
      }
    }
    return {
      request: (program) => program.api(route, { method: 'PATCH', json: { title } }),
      after: { ...state, title },
    }
  }

  /** Compares the server with what it acknowledged, and takes what it has as the truth from then. */
  async check(program: Program, checked = CHECKED_MIN): Promise<void> {
    const sample = new Set(this.#touched)
    while (sample.size < Math.min(checked, this.#codes.length)) {
      sample.add(this.#codes[this.random(0, this.#codes.length - 1)]!)
    }
    await Promise.all([...sample].map((code) => this.#checkOne(program, code)))
    this.#touched = new Set()
  }

  async #checkOne(program: Program, code: string): Promise<void> {
    const known = this.#links.get(code)!
    const found = await this.#stateOf(program, code, known)
    const isPossible = known.possible.some(
      (state) => JSON.stringify(state) === JSON.stringify(found),
    )
    assert(isPossible, `${code} is ${JSON.stringify(found)}, not ${JSON.stringify(known.possible)}`)
    if (found !== undefined) assert(known.urls.has(found.url), `${code} leads to ${found.url}`)
    known.possible = [found]
  }

  async #stateOf(program: Program, code: string, known: Known): Promise<State> {
    const response = await program.api(`/api/links/${code}`)
    const body = (await response.json()) as { url: string; title: string | null }
    const visit = await program.visit(code)
    await visit.arrayBuffer()
    if (response.status === 200) {
      assert.equal(visit.headers.get('location'), body.url)
      return { url: body.url, title: body.title, deleted: false }
    }
    assert.equal(visit.status, response.status)
    if (response.status === 404) return undefined
    assert.equal(response.status, 410)
    // A deleted link does not show itself; what it was is seen again after a restore.
    return known.possible.find((state) => state?.deleted) ?? { url: '', title: null, deleted: true }
  }
}
