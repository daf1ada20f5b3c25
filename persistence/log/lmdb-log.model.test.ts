/** The LMDB log against the memory log: the same through any appends, trims and restarts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import * as fc from 'fast-check'
import { systemLongWork } from '../../links/long-work.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { LmdbLog } from './lmdb-log.ts'
import { MemoryLog } from './memory-log.ts'
import type { Log } from './log.ts'

const work = systemLongWork()

const PARTITIONS = [0, 1, 2] as PartitionId[]

type Step =
  /** One append each, in one turn. */
  | { readonly kind: 'append'; readonly partitions: readonly PartitionId[]; readonly size: number }
  | { readonly kind: 'trim'; readonly partition: PartitionId; readonly behind: number }
  | { readonly kind: 'restart' }

const steps = fc.array(
  fc.oneof<[fc.Arbitrary<Step>, fc.Arbitrary<Step>, fc.Arbitrary<Step>]>(
    fc.record({
      kind: fc.constant('append' as const),
      partitions: fc.subarray(PARTITIONS, { minLength: 1 }),
      size: fc.constantFrom(1, 1000, 3000, 9000),
    }),
    fc.record({
      kind: fc.constant('trim' as const),
      partition: fc.constantFrom(...PARTITIONS),
      behind: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  { minLength: 5, maxLength: 40 },
)

test('appends, trims and restarts in any order', async (t) => {
  await fc.assert(fc.asyncProperty(steps, follow), { numRuns: 40 })
  t.pass()
})

async function follow(sequence: readonly Step[]): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-log-'))
  const model = new MemoryLog()
  let log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
  for (const step of sequence) {
    if (step.kind === 'append') await append([model, log], step.partitions, step.size)
    else if (step.kind === 'trim') await trim([model, log], step.partition, step.behind)
    else {
      await log.close()
      log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
    }
    for (const partition of PARTITIONS) await compare(log, model, partition)
  }
  await log.close()
  await rm(directory, { recursive: true })
}

async function append(
  logs: readonly Log[],
  partitions: readonly PartitionId[],
  size: number,
): Promise<void> {
  for (const log of logs) {
    const lasts = await Promise.all(partitions.map((partition) => log.last(partition)))
    await Promise.all(
      partitions.map((partition, index) =>
        log.append(partition, Buffer.alloc(size, lasts[index]), lasts[index]!),
      ),
    )
  }
}

async function trim(logs: readonly Log[], partition: PartitionId, behind: number): Promise<void> {
  for (const log of logs) {
    const upTo = Math.max(0, (await log.last(partition)) - behind) as LogPosition
    await log.trim(partition, upTo)
  }
}

/** A restart may bring trimmed entries back, but none of what is not trimmed may differ. */
async function compare(log: Log, model: Log, partition: PartitionId): Promise<void> {
  const expected = await Array.fromAsync(model.readAfter(partition, 0 as LogPosition))
  const after = ((expected[0]?.position ?? 1) - 1) as LogPosition
  const found = await Array.fromAsync(log.readAfter(partition, after))
  const describe = (entries: typeof found) =>
    entries.map(({ position, payload }) => `${position}: ${payload.length} x ${payload[0]}`).join()
  if (describe(found) !== describe(expected)) {
    throw new Error(`found ${describe(found)}, expected ${describe(expected)}`)
  }
  if ((await log.last(partition)) !== (await model.last(partition))) throw new Error('another last')
  if (log.bytes() < model.bytes()) throw new Error(`${log.bytes()} of ${model.bytes()} bytes`)
}
