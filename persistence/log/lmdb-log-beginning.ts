/**
 * A log in LMDB that begins at a position: as if all before it had been written and trimmed.
 *
 * Used where a store is restored, whose versions have positions already: what is written from now on must have
 * higher ones. Each partition gets one epoch record, so it is not taken for one that was never written to.
 */
import { LmdbEnvironment } from '../data-directory/lmdb-environment.ts'
import { CHUNKS, chunkKey, chunksOf, encodeChunk } from './log-chunk.ts'
import { encodeLogRecord } from './log-record.ts'
import { RESTORED_BY } from './log.ts'
import type { Epoch, LogPosition, PartitionId } from '../../links/ids.ts'

/** @param directory of an empty log, which nobody has open; @param after the store has versions up to it */
export async function beginLmdbLog(
  directory: string,
  partitions: readonly PartitionId[],
  after: LogPosition,
): Promise<void> {
  const payload = encodeLogRecord({ kind: 'epoch', epoch: 1 as Epoch, nodeId: RESTORED_BY })
  const position = (after + 1) as LogPosition
  const values = chunksOf(partitions.map((partition) => ({ partition, position, payload })))
  const environment = new LmdbEnvironment(directory)
  try {
    await environment.hold()
    const chunks = environment.keyspace(CHUNKS)
    const bytes = partitions.length * 2 * payload.length
    await environment.commit({ bytes, touches: values.length }, () => {
      values.forEach((entries, index) => {
        void chunks.put(chunkKey(index + 1), encodeChunk(entries))
      })
    })
  } finally {
    await environment.close()
  }
}
