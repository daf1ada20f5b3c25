/** What is in memory after an opening from the log, and which epoch it is. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toLogPosition, type Code, type Epoch } from '../../links/ids.ts'
import { decodeLogRecord } from '../../persistence/log/log-record.ts'
import { EpochRecords } from './epoch-records.ts'

import { EPOCH_RECORD, nodeId, Place, ring } from '../testing/recovery-world.ts'

test('what the log holds after the checkpoint is in memory, and the write-behind hears of it', async (t) => {
  const place = new Place()
  const position = await place.append('a', 'https://example.org/1')
  await place.store.saveCheckpoints(new Map([[ring.partitionOf('a' as Code), position]]))
  const second = await place.append('a', 'https://example.org/2')
  await place.recover()
  t.deepEqual(place.lookup('a'), { kind: 'redirect', url: 'https://example.org/2' })
  t.deepEqual(place.told, [['a', second]])
})

test('what only the store has is unknown to memory, not absent', async (t) => {
  const place = new Place()
  await place.append('stored-beside', 'https://example.org/')
  for (const id of ring.all()) await place.log.append(id, EPOCH_RECORD, await place.log.last(id))
  await place.recover()
  t.is(place.lookup('stored').kind, 'unknown')
})

test('a record in the log that is no link is told, and keeps nobody from the others', async (t) => {
  const place = new Place()
  await place.append('a', 'https://example.org/1', 'op-a')
  await place.append('a', 'javascript:alert(1)', 'op-evil')
  await place.append('b', 'https://example.org/2')
  await place.recover()
  t.deepEqual(place.lookup('a'), { kind: 'redirect', url: 'https://example.org/1' })
  t.deepEqual(place.lookup('b'), { kind: 'redirect', url: 'https://example.org/2' })
  t.deepEqual(place.errors, ['links in the log are damaged'])
})

test('a partition that was never written to is complete at once', async (t) => {
  const place = new Place()
  await place.recover()
  t.is(place.lookup('anything').kind, 'absent')
})

test('a partition that was never written to is not taken for complete while the store is away', async (t) => {
  const place = new Place()
  place.store.checkpoints = () => Promise.reject(new TinygridError('store_unavailable'))
  await place.recover()
  t.is(place.lookup('anything').kind, 'unknown', 'the log may be new because the old one was lost')
})

test('without the store, all that the log has is replayed', async (t) => {
  const place = new Place()
  await place.append('a', 'https://example.org/1')
  place.store.checkpoints = () => Promise.reject(new TinygridError('store_unavailable'))
  await place.recover()
  t.deepEqual(place.lookup('a'), { kind: 'redirect', url: 'https://example.org/1' })
})

test('a log that ends before the checkpoint is refused', async (t) => {
  const place = new Place()
  const partition = ring.partitionOf('a' as Code)
  await place.store.saveCheckpoints(new Map([[partition, toLogPosition(1_000)]]))
  await t.throwsAsync(place.recover(), { message: /not the log that the store was written from/ })
})

test('a store older than what the log still holds is refused, whatever it lacks', async (t) => {
  const partition = ring.partitionOf('a' as Code)
  for (const checkpoint of [0, 1, 2]) {
    for (const leavesOperations of [false, true]) {
      const place = new Place()
      await place.appendThreeAndTrimTo(3)
      const position = toLogPosition(checkpoint)
      await place.store.saveCheckpoints(new Map([[partition, position]]))
      await t.throwsAsync(place.recover(leavesOperations), {
        code: 'log_gap',
        message: /up to entry \d and the log lacks entry 3: .* restore both from one backup$/,
      })
      t.false(place.partitions.has(partition))
      t.is(place.partitions.size, 15, 'the others are opened')
    }
  }
})

test('a checkpoint saved and a trim while the log was read are no gap', async (t) => {
  const place = new Place()
  const partition = ring.partitionOf('a' as Code)
  await place.appendThreeAndTrimTo(3)
  const checkpoints = [toLogPosition(1), toLogPosition(3)]
  place.store.checkpoints = async () => new Map([[partition, checkpoints.shift()!]])
  await place.recover(true)
  t.is(place.partitions.size, 16)
})

test('operations come back from the log, from before the checkpoint too', async (t) => {
  const place = new Place()
  const position = await place.append('a', 'https://example.org/1', 'asked-once')
  const partition = ring.partitionOf('a' as Code)
  await place.store.saveCheckpoints(new Map([[partition, position]]))
  await place.recover()
  const answer = place.partitions.get(partition)!.operations.answerTo('asked-once')
  t.like(answer, { kind: 'created', link: { url: 'https://example.org/1' } })
})

test('a take-over leaves the operations from before the checkpoint for later', async (t) => {
  const place = new Place()
  const before = await place.append('a', 'https://example.org/1', 'before')
  const partition = ring.partitionOf('a' as Code)
  await place.store.saveCheckpoints(new Map([[partition, before]]))
  const after = await place.append('a', 'https://example.org/2', 'after')
  await place.recover(true)
  const { operations } = place.partitions.get(partition)!
  t.is(operations.answerTo('before'), undefined)
  t.like(operations.answerTo('after'), { link: { url: 'https://example.org/2' } })
  t.is(operations.missingUpTo, toLogPosition(after + 1))
  const others = [...place.partitions.values()].filter(({ id }) => id !== partition)
  t.true(
    others.every((other) => other.operations.isComplete),
    'nothing was ever asked there',
  )
})

test('each recovery opens a higher epoch in every partition, which shuts out the last owner', async (t) => {
  const place = new Place()
  await place.recover()
  const partition = ring.partitionOf('a' as Code)
  const before = await place.log.last(partition)
  place.epochs = new EpochRecords()
  await place.recover()
  t.is(place.partitions.get(partition)!.epoch, 2 as Epoch)
  await t.throwsAsync(place.log.append(partition, Buffer.from('late'), before), {
    code: 'log_replaced',
  })
  for await (const { payload } of place.log.readAfter(partition, before)) {
    t.deepEqual(decodeLogRecord(payload), { kind: 'epoch', epoch: 2 as Epoch, nodeId })
  }
})

test('a partition with foreign entries in its log is opened, in a newer epoch', async (t) => {
  const place = new Place()
  const partition = ring.partitionOf('a' as Code)
  await place.append('a', 'https://example.org/a')
  for (const junk of ['junk', '{"epoch":99}', '']) {
    await place.log.disturb(partition, Buffer.from(junk))
  }
  await place.recover()
  t.deepEqual(place.lookup('a'), { kind: 'redirect', url: 'https://example.org/a' })
  t.is(place.partitions.get(partition)?.epoch, 2 as Epoch)
})

test('a partition that has nothing but foreign entries is not taken for a new one', async (t) => {
  const place = new Place()
  const partition = ring.partitionOf('a' as Code)
  await place.log.disturb(partition, Buffer.from('junk'))
  await place.recover()
  t.is(place.partitions.get(partition)?.epoch, 1 as Epoch)
  t.is(place.lookup('a').kind, 'unknown')
})

test('a partition whose log cannot be read keeps no other from being opened', async (t) => {
  for (const method of ['last', 'readAfter'] as const) {
    const place = new Place()
    const work = place.log[method].bind(place.log) as (id: number, after: never) => never
    place.log[method] = (id: number, after?: unknown): never => {
      if (id === 3) throw new TinygridError('log_unavailable')
      return work(id, after as never)
    }
    await t.throwsAsync(place.recover(), { code: 'log_unavailable' })
    t.is(place.partitions.size, 15)
    t.false(place.partitions.has(3))
  }
})
