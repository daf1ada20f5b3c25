/**
 * Visitors of a running project, a few requests at a time: they make links, follow them, and note what
 * was acknowledged and every answer that was not what it should be.
 */
import { pause } from '../deadline.ts'

const WRITE_PAUSE_MS = 100
const READ_PAUSE_MS = 40
const READERS = 2
/** A request may be held while partitions move; later it is a failure. */
const REQUEST_MS_MAX = 30_000

export class Visitors {
  readonly #url: string
  readonly #key: string
  readonly #end = new AbortController()
  #running: readonly Promise<void>[] = []
  #next = 0
  #failures: string[] = []
  /** Codes whose creation was acknowledged. */
  readonly codes: string[] = []
  followed = 0

  constructor(url: string, key: string) {
    this.#url = url
    this.#key = key
  }

  start(): void {
    const readers = Array.from({ length: READERS }, () =>
      this.#repeat(READ_PAUSE_MS, () => this.#followAny()),
    )
    this.#running = [this.#repeat(WRITE_PAUSE_MS, () => this.#make()), ...readers]
  }

  /** What went wrong meanwhile. @returns requests that failed, in words */
  async during(change: () => Promise<void>): Promise<readonly string[]> {
    this.#failures = []
    await change()
    return this.#failures
  }

  /** Returns when the last request is answered. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running)
  }

  /** Each acknowledged code that does not redirect where it should. */
  async lost(): Promise<readonly string[]> {
    const lost: string[] = []
    for (const code of this.codes) {
      const answer = await this.ask(`/${code}`)
      if (answer.location !== targetOf(code)) lost.push(`${code}: ${answer.status}`)
    }
    return lost
  }

  async create(code: string): Promise<number> {
    const body = JSON.stringify({ url: targetOf(code), code })
    return (await this.ask('/api/links', { method: 'POST', body })).status
  }

  async ask(
    route: string,
    init: { readonly method?: string; readonly body?: string } = {},
  ): Promise<{ status: number; location: string | null; text: string }> {
    const response = await fetch(`${this.#url}${route}`, {
      ...init,
      redirect: 'manual',
      headers: { 'X-Api-Key': this.#key, 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    })
    const location = response.headers.get('location')
    return { status: response.status, location, text: await response.text() }
  }

  async #make(): Promise<void> {
    const code = `v${this.#next++}`
    const status = await this.#noting(`POST ${code}`, () => this.create(code))
    if (status === 201) this.codes.push(code)
    else if (status !== undefined) this.#failures.push(`${status} for POST ${code}`)
  }

  async #followAny(): Promise<void> {
    const code = this.codes[this.followed % this.codes.length]
    if (code === undefined) return
    const answer = await this.#noting(`GET ${code}`, () => this.ask(`/${code}`))
    if (answer?.location === targetOf(code)) this.followed++
    else if (answer !== undefined) this.#failures.push(`${answer.status} for GET ${code}`)
  }

  async #noting<T>(what: string, request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request()
    } catch (error) {
      const { cause } = error as Error
      this.#failures.push(`${what} was cut off: ${String(cause ?? error)}`)
      return undefined
    }
  }

  async #repeat(pauseMs: number, action: () => Promise<void>): Promise<void> {
    while (!this.#end.signal.aborted) {
      await action()
      await pause(pauseMs)
    }
  }
}

export function targetOf(code: string): string {
  return `https://example.org/${code}`
}
