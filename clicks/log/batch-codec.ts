/**
 * A click batch as bytes, and back.
 *
 * Used by whoever has batches as objects: readers of the click log, and tests. The recorder makes
 * the same bytes click by click (`batch-writer.ts`). How they lie is said in `batch-layout.ts`.
 */
import { readBatch } from './batch-reader.ts'
import { BatchWriter } from './batch-writer.ts'
import type { ClickBatch } from './click-batch.ts'
import { encodeDeletion } from './deletion-codec.ts'

/**
 * @param batch at most BATCH_ENTRIES_MAX clicks and changes, which take at most BODY_BYTES_MAX; of a
 *   visitor 16 hexadecimal digits in lower case, or none
 */
export function encodeBatch(batch: ClickBatch): Buffer {
  if (batch.deletion !== undefined) return encodeDeletion(batch, batch.deletion)
  const writer = new BatchWriter()
  const origins = new Map<string, number>()
  for (const {
    code,
    at,
    status,
    address,
    visitor,
    headers,
    query,
    targetQuery,
    rule,
  } of batch.clicks) {
    const key = `${visitor} ${address} ${headers}`
    let origin = origins.get(key)
    if (origin === undefined) {
      origin = writer.origin(address, bitsOf(visitor), writer.headers(headers))
      origins.set(key, origin)
    }
    writer.click(code, at, status, origin, query, targetQuery)
    if (rule > 0) writer.rule(rule)
  }
  for (const change of batch.changes) writer.change(change)
  return writer.finish(batch)
}

/**
 * A whole batch, or an error; with bounded memory, whatever the bytes are.
 *
 * @throws TinygridError internal: damaged, not a click batch, or of a newer format
 */
export function decodeBatch(payload: Uint8Array): ClickBatch {
  return readBatch(payload)
}

function bitsOf(visitor: string) {
  if (visitor === '') return undefined
  return {
    high: Number.parseInt(visitor.slice(0, 8), 16),
    low: Number.parseInt(visitor.slice(8), 16),
  }
}
