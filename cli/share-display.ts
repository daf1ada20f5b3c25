/**
 * Shows how far a long transfer is: its share, bytes, bytes a second and the time left, a line now and then.
 *
 * For what is counted in bytes and whose end is known as a share alone. To standard error, so that standard
 * output stays free for data.
 */
import { durationOf } from './progress-display.ts'

const INTERVAL_MS = 2_000
const MB = 1e6

export class ShareDisplay {
  readonly #startedAt = performance.now()
  #toldAt = this.#startedAt
  #bytes = 0
  #share = 0

  add(bytes: number): void {
    this.#bytes += bytes
    this.#tell()
  }

  /** @param share from 0 to 1 */
  update(share: number): void {
    this.#share = share
    this.#tell()
  }

  #tell(): void {
    const now = performance.now()
    if (now - this.#toldAt < INTERVAL_MS) return
    this.#toldAt = now
    console.error(shareLine(this.#share, this.#bytes, now - this.#startedAt))
  }
}

export function shareLine(share: number, bytes: number, elapsedMs: number): string {
  const rate = (bytes / MB / Math.max(1, elapsedMs)) * 1000
  const told = `${Math.floor(share * 100)} %, ${(bytes / MB).toFixed(1)} MB, ${rate.toFixed(1)} MB/s`
  if (share <= 0) return told
  return `${told}, ${durationOf(Math.ceil((elapsedMs / 1000) * (1 / share - 1)))} left`
}
