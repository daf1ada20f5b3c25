/**
 * How many bytes a stream holds, known without asking: `Log.bytes` may not wait for a server.
 *
 * Used by `jetstream-log.ts`. Between two answers of the server, own appends are added; what other
 * nodes append and trim shows up with the next one, at most REFRESH_INTERVAL_MS after something was
 * changed here. Nothing is asked while nothing changes.
 */

const REFRESH_INTERVAL_MS = 1_000

export class JetStreamUsage {
  readonly #ask: () => Promise<number>
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(ask: () => Promise<number>) {
    this.#ask = ask
  }

  get bytes(): number {
    return this.#bytes
  }

  add(bytes: number): void {
    this.#bytes += bytes
    this.refreshSoon()
  }

  refreshSoon(): void {
    if (this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // An estimate that cannot be renewed stays as it is; the next change tries again.
      this.refresh().catch(() => {})
    }, REFRESH_INTERVAL_MS).unref()
  }

  async refresh(): Promise<void> {
    this.#bytes = await this.#ask()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}
