/** A click log in memory, for the gateway's tests: counts its reads, drops what it is told to, and can be out of reach. */
import { encodeBatch } from '../../clicks/log/batch-codec.ts'
import type { ClickBatch } from '../../clicks/log/click-batch.ts'
import type { ClickLogReader, LoggedBatch } from '../../clicks/log/click-log.ts'
import { sampleBatch } from '../../clicks/testing/sample-batches.ts'

export class FakeClickLog implements ClickLogReader {
  batches: LoggedBatch[] = []
  /** Thrown by everything, if set. */
  failure: Error | undefined
  reads = 0
  /** Batches of one read. */
  readMax = 100
  #last = 0
  #wake = Promise.withResolvers<void>()

  append(change: Partial<ClickBatch>): number {
    return this.appendBytes(encodeBatch(sampleBatch(this.#last, change)))
  }

  appendBytes(payload: Uint8Array): number {
    this.batches.push({ position: ++this.#last, payload })
    this.wake()
    return this.#last
  }

  /** Lets everybody look again. */
  wake(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  /** Forgets batches before a position. */
  drop(position: number): void {
    this.batches = this.batches.filter((batch) => batch.position >= position)
  }

  async read(after: number): Promise<readonly LoggedBatch[]> {
    this.reads++
    this.#fail()
    return this.batches.filter(({ position }) => position > after).slice(0, this.readMax)
  }

  async more(position: number, signal: AbortSignal): Promise<void> {
    this.#fail()
    if (this.#last > position || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([promise, this.#wake.promise])
  }

  async span() {
    this.#fail()
    const firstPosition = this.batches[0]?.position ?? this.#last + 1
    return { firstPosition, lastPosition: this.#last, bytes: 0 }
  }

  async close(): Promise<void> {}

  #fail(): void {
    if (this.failure !== undefined) throw this.failure
  }
}
