/**
 * Clicks that a killed consumer stored and did not live to tell: counted from the click log by the next one.
 */
import type { ClickBatch } from '../log/click-batch.ts'
import type { ClickLogReader } from '../log/click-log.ts'

/** What the log has dropped meanwhile is not among them. @throws TinygridError click_log_unavailable */
export async function clicksBetween(
  after: number,
  upTo: number,
  log: Pick<ClickLogReader, 'read'>,
  decode: (payload: Uint8Array) => ClickBatch,
): Promise<number> {
  let clicks = 0
  for (let last = after; last < upTo;) {
    const batches = await log.read(last)
    for (const { position, payload } of batches) {
      if (position <= upTo) clicks += sizeOf(payload, decode)
      last = position
    }
    if (batches.length === 0) break
  }
  return clicks
}

/** Clicks in a batch; none if it is no batch. */
function sizeOf(payload: Uint8Array, decode: (payload: Uint8Array) => ClickBatch): number {
  try {
    return decode(payload).clicks.length
  } catch {
    return 0
  }
}
