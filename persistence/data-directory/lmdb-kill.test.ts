/** What the LMDB log and store have acknowledged is there after SIGKILL, and nothing is torn. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { LmdbLinkStore } from '../store/lmdb-link-store.ts'
import { LmdbLog } from '../log/lmdb-log.ts'

const work = systemLongWork()

const ROUNDS = 5
const PARTITIONS = 16
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** Appends to all partitions without end; prints each partition and position once it is safe. */
const APPENDER = `
  import { LmdbLog } from ${here('../log/lmdb-log.ts')}
  import { systemLongWork } from ${here('../../links/long-work.ts')}
  const work = systemLongWork()
  const log = await LmdbLog.open(process.argv[1], { logBytesMax: 1e9, work })
  for (let partition = 0; partition < ${PARTITIONS}; partition++) {
    void (async () => {
      let last = await log.last(partition)
      while (true) {
        const payload = Buffer.from(JSON.stringify({ partition, position: last + 1 }).padEnd(last % 3000))
        last = await log.append(partition, payload, last)
        process.stdout.write(partition + ' ' + last + '\\n')
        if (last % 7 === 0) void log.trim(partition, last - 50)
      }
    })()
  }`

/** Writes links without end; prints each round once it is safe. */
const WRITER = `
  import { LmdbLinkStore } from ${here('../store/lmdb-link-store.ts')}
  import { linkVersion } from ${here('../../links/testing/sample-links.ts')}
  import { systemLongWork } from ${here('../../links/long-work.ts')}
  const work = systemLongWork()
  const store = await LmdbLinkStore.open(process.argv[1], { partitions: ${PARTITIONS}, work })
  for (let round = Number(process.argv[2]); true; round++) {
    await store.write(Array.from({ length: 100 }, (_, index) => linkVersion('c' + index, round)))
    process.stdout.write('0 ' + round + '\\n')
  }`

test('every acknowledged append is there after a kill, in order and whole', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-kill-'))
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await runAndKill(APPENDER, [directory], round * 300)
    const log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
    for (const [partition, position] of acknowledged) {
      t.true((await log.last(partition as PartitionId)) >= position)
      await assertWhole(log, partition as PartitionId)
    }
    await log.close()
  }
  await rm(directory, { recursive: true })
  t.pass()
})

test('every acknowledged link is there after a kill, and listed', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-kill-'))
  let last = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await runAndKill(WRITER, [directory, String(last + 1)], round * 5)
    last = acknowledged.get(0)!
    const store = await LmdbLinkStore.open(directory, { partitions: PARTITIONS, work })
    const versions = (await Array.fromAsync(store.load(new Ring(PARTITIONS).all()))).flat()
    t.is(versions.length, 100)
    t.true(versions.every(({ position }) => position >= last && position <= last + 1))
    t.is((await store.list({ limit: 1000 })).links.length, 100)
    await store.close()
  }
  await rm(directory, { recursive: true })
})

/** Runs the program until it has printed so many lines; returns the last number of each key. */
async function runAndKill(
  program: string,
  parameters: readonly string[],
  lines: number,
): Promise<Map<number, number>> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const seen = new Map<number, number>()
  let count = 0
  for await (const line of createInterface(child.stdout)) {
    const [key, value] = line.split(' ').map(Number)
    seen.set(key!, value!)
    if (++count === lines) child.kill('SIGKILL')
  }
  if (child.signalCode === null) await once(child, 'exit')
  return seen
}

async function assertWhole(log: LmdbLog, partition: PartitionId): Promise<void> {
  let before: number | undefined
  for await (const { position, payload } of log.readAfter(partition, 0 as LogPosition)) {
    const content = JSON.parse(payload.toString()) as { partition: number; position: number }
    const isRight = content.partition === partition && content.position === position
    const isNext = before === undefined || position === before + 1
    if (!isRight || !isNext) throw new Error(`partition ${partition} is torn at ${position}`)
    before = position
  }
}
