/** Which record at the log's end opens a partition for a node. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { appendEpoch } from './epoch-records.ts'

const P = 3 as PartitionId
const [A, B] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]

/** Appends, and says that it does not know. */
class ForgetfulLog extends MemoryLog {
  lost = 0

  override async append(partition: PartitionId, payload: Uint8Array, last: LogPosition) {
    const position = await super.append(partition, payload, last)
    if (this.lost-- > 0) throw new TinygridError('log_uncertain')
    return position
  }
}

test('a record whose acknowledgement was lost is found, and not written again', async (t) => {
  const log = new ForgetfulLog()
  log.lost = 1
  t.deepEqual(await appendEpoch(log, P, A), {
    epoch: 1 as Epoch,
    isNew: true,
    position: 1 as LogPosition,
  })
  log.lost = 1
  t.deepEqual(await appendEpoch(log, P, B), {
    epoch: 2 as Epoch,
    isNew: false,
    position: 2 as LogPosition,
  })
  t.is(await log.last(P), 2 as LogPosition)
})

test('a record that another node has written meanwhile is not taken for the own one', async (t) => {
  const log = new MemoryLog()
  const append = log.append.bind(log)
  log.append = async () => {
    log.append = append
    await appendEpoch(log, P, B)
    throw new TinygridError('log_uncertain')
  }
  t.is((await appendEpoch(log, P, A)).epoch, 2 as Epoch)
})
