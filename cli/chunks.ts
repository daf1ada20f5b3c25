/**
 * Cuts the items of an input into chunks that fit one bulk request.
 *
 * Bounded by links and by bytes: a chunk of long URLs stays below what a server takes as one body.
 * A resumed import passes over the items that are done by reading them again; parsing a million
 * lines takes about a second, and needs no offsets that depend on the format.
 */
import { BULK_ITEMS_MAX } from './bulk-sender.ts'
import type { InputItem } from './link-input.ts'

export const CHUNK_BYTES_MAX = 1024 * 1024

/** @param skip how many items to pass over first */
export async function* chunksOf(
  items: AsyncIterable<InputItem>,
  skip: number,
): AsyncGenerator<readonly InputItem[]> {
  let chunk: InputItem[] = []
  let chunkStartByte = 0
  let seen = 0
  for await (const item of items) {
    if (seen++ < skip) {
      chunkStartByte = item.endByte
      continue
    }
    if (chunk.length > 0 && item.endByte - chunkStartByte > CHUNK_BYTES_MAX) {
      yield chunk
      chunkStartByte = chunk.at(-1)!.endByte
      chunk = []
    }
    chunk.push(item)
    if (chunk.length < BULK_ITEMS_MAX) continue
    yield chunk
    chunkStartByte = item.endByte
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
