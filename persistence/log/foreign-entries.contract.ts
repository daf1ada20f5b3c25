/** What a log that others can reach must do with what they put there. Run by each adapter's test. */
import test, { type SkipFn } from 'ava'
import type { Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import { decodeLogRecord, encodeLogRecord } from './log-record.ts'
import type { Log } from './log.ts'

/** A new, empty log that knows its own entries, as two owners open it, and a stranger's way into it. */
export interface ReachableLog {
  readonly one: Log
  readonly two: Log
  readonly disturb: (partition: PartitionId, payload: Uint8Array) => Promise<unknown>
}

const P = 3 as PartitionId
const NONE = 0 as LogPosition
const JUNK = ['', 'x', 'junk', '{"epoch":99}', 'a'.repeat(2_000)].map((text) => Buffer.from(text))

const epochRecord = (epoch: number) =>
  encodeLogRecord({ kind: 'epoch', epoch: epoch as Epoch, nodeId: 'n' as NodeId })

export function testForeignEntries(
  name: string,
  open: () => Promise<ReachableLog>,
  run: SkipFn = test,
): void {
  run(`${name}: foreign entries are passed over, and an owner goes on behind them`, async (t) => {
    const { one, two, disturb } = await open()
    const first = await one.append(P, epochRecord(1), NONE)
    for (const junk of JUNK) await disturb(P, junk)
    const second = await one.append(P, epochRecord(2), first)
    t.true(second > first + JUNK.length)
    await disturb(P, JUNK[2]!)
    for (const log of [one, two]) {
      t.deepEqual(await epochsOf(log), [1, 2])
      t.true((await log.last(P)) > second)
      const [, entry] = await Array.fromAsync(log.readAfter(P, NONE))
      t.is(entry?.previous, first, 'nothing seems to be missing between them')
    }
  })

  run(`${name}: another owner’s entry refuses, with foreign ones around it`, async (t) => {
    const { one, two, disturb } = await open()
    const first = await one.append(P, epochRecord(1), NONE)
    await disturb(P, JUNK[1]!)
    await two.append(P, epochRecord(2), await two.last(P))
    await disturb(P, JUNK[2]!)
    await t.throwsAsync(one.append(P, epochRecord(3), first), { code: 'log_replaced' })
    t.deepEqual(await epochsOf(one), [1, 2])
  })

  run(`${name}: a damaged entry is not foreign: nobody goes past it`, async (t) => {
    const { one, disturb } = await open()
    const first = await one.append(P, epochRecord(1), NONE)
    const damaged = epochRecord(2)
    damaged[damaged.length - 1]! ^= 1
    await disturb(P, damaged)
    await t.throwsAsync(one.append(P, epochRecord(3), first), { code: 'log_replaced' })
    await t.throwsAsync(epochsOf(one), { code: 'internal', message: /checksum/ })
  })

  run(`${name}: a trim keeps the owners’ last entry, though foreign ones follow it`, async (t) => {
    const { one, two, disturb } = await open()
    const first = await one.append(P, epochRecord(1), NONE)
    const second = await one.append(P, epochRecord(2), first)
    await disturb(P, JUNK[2]!)
    const last = await two.last(P)
    await two.trim(P, last)
    await one.trim(P, second)
    t.deepEqual(await epochsOf(two), [2])
    await two.append(P, epochRecord(3), last)
    t.deepEqual(await epochsOf(one), [2, 3])
  })
}

async function epochsOf(log: Log): Promise<number[]> {
  const entries = await Array.fromAsync(log.readAfter(P, NONE))
  return entries.map(({ payload }) => decodeLogRecord(payload).epoch)
}
