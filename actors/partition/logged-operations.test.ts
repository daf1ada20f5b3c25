/** Older operations come after a take-over: first those that somebody waits for. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import {
  toEpochMs,
  toLogPosition,
  type Epoch,
  type LogPosition,
  type PartitionId,
} from '../../links/ids.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { encodeLogRecord } from '../../persistence/log/log-record.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'
import { LoggedOperations } from './logged-operations.ts'
import type { Operations } from './operations.ts'

const URGENT_MAX = 4
const CALM_MS = 5_000
const RETRY_PAUSE_MS = 50
const END = toLogPosition(100)
const partitions = Array.from({ length: 8 }, (_, index) => index as PartitionId)

function start() {
  const clock = new ManualClock()
  const log = new MemoryLog()
  /** Partitions in the order in which their reading began. */
  const begun: PartitionId[] = []
  /** What holds up the reading. */
  const gate = { open: Promise.resolve() }
  const readAfter = async function* (partition: PartitionId, after: LogPosition) {
    begun.push(partition)
    await gate.open
    yield* log.readAfter(partition, after)
  }
  const errors: string[] = []
  const recalls = new LoggedOperations({
    log: { readAfter },
    work: freeWork(),
    clock,
    now: () => toEpochMs(1_000),
    onError: (what) => errors.push(what),
  })
  const told: [PartitionId, Operations][] = []
  const gone = new Set<PartitionId>()
  const askerOf = (partition: PartitionId) => ({
    isHere: () => !gone.has(partition),
    take: (operations: Operations) => void told.push([partition, operations]),
  })
  const ask = (partition: PartitionId, isUrgent: boolean, upTo = END) => {
    recalls.ask(partition, { upTo, isUrgent }, askerOf(partition))
  }
  return { clock, log, begun, gate, errors, told, gone, ask, stop: () => recalls.stop() }
}

const toldOf = (told: readonly [PartitionId, Operations][]) => told.map(([partition]) => partition)

async function append(log: MemoryLog, partition: PartitionId, id: string): Promise<LogPosition> {
  const operations = [{ id, outcome: 'created', record: 0 } as const]
  const records = [linkRecord('abc')]
  const epoch = 1 as Epoch
  const payload = encodeLogRecord({ kind: 'batch', epoch, batchId: id, records, operations })
  return log.append(partition, payload, await log.last(partition))
}

test('the operations up to the take-over are told', async (t) => {
  const { clock, log, ask, told } = start()
  const [partition] = partitions as [PartitionId]
  await append(log, partition, 'first')
  const upTo = await append(log, partition, 'second')
  await append(log, partition, 'own')
  ask(partition, true, upTo)
  await clock.pass(0)
  const ids = [...told[0]![1].all()].map(({ id }) => id)
  t.deepEqual(ids, ['first', 'second'])
})

test('those that nobody waits for come later, one after the other', async (t) => {
  const { clock, ask, begun, gate, told } = start()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.open = promise
  for (const partition of partitions) ask(partition, false)
  await clock.pass(CALM_MS - 1)
  t.is(begun.length, 0)
  await clock.pass(1)
  t.is(begun.length, 1)
  resolve()
  await clock.pass(0)
  t.deepEqual(toldOf(told), partitions)
})

test('those that somebody waits for come at once, a few at a time', async (t) => {
  const { clock, ask, begun, gate, told } = start()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.open = promise
  for (const partition of partitions) ask(partition, false)
  for (const partition of partitions.slice(2)) ask(partition, true)
  await clock.pass(0)
  t.deepEqual(begun, partitions.slice(2, 2 + URGENT_MAX))
  for (const partition of partitions.slice(2)) ask(partition, true)
  resolve()
  await clock.pass(0)
  t.deepEqual(toldOf(told), partitions.slice(2))
  await clock.pass(CALM_MS)
  t.deepEqual(begun, [...partitions.slice(2), ...partitions.slice(0, 2)], 'each of them once')
})

test('what cannot be read is tried again, for as long as the partition is here', async (t) => {
  const { clock, ask, begun, gate, errors, told, gone } = start()
  const [partition] = partitions as [PartitionId]
  gate.open = Promise.reject(new TinygridError('log_unavailable'))
  ask(partition, true)
  await clock.pass(0)
  await clock.pass(RETRY_PAUSE_MS)
  t.is(begun.length, 2)
  t.is(errors.length, 2)
  gone.add(partition)
  await clock.pass(10 * RETRY_PAUSE_MS)
  t.is(begun.length, 2)
  t.deepEqual(told, [])
})

test('once stopped nothing is read or tried again, and no timer keeps the process', async (t) => {
  const { clock, ask, begun, gate, errors, stop } = start()
  const { promise, reject } = Promise.withResolvers<void>()
  gate.open = promise
  ask(partitions[0]!, true)
  ask(partitions[1]!, false)
  await clock.pass(0)
  t.is(begun.length, 1)
  stop()
  t.is(clock.timers, 0)
  reject(new TinygridError('log_unavailable'))
  await clock.pass(0)
  t.deepEqual(errors, [])
  ask(partitions[2]!, true)
  t.is(clock.timers, 0)
  await clock.pass(10 * CALM_MS)
  t.is(begun.length, 1)
})

test('a partition that is here again is read for its new owner', async (t) => {
  const { clock, log, ask, gate, told } = start()
  const [partition] = partitions as [PartitionId]
  const first = await append(log, partition, 'first')
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.open = promise
  ask(partition, true, first)
  await clock.pass(0)
  ask(partition, true, await append(log, partition, 'second'))
  await clock.pass(0)
  resolve()
  await clock.pass(0)
  const sizes = told.map(([, { size }]) => size)
  t.deepEqual(
    sizes.toSorted((a, b) => a - b),
    [1, 2],
  )
})
