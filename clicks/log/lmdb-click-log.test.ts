/** The click log in LMDB: its contract, its bounds, and two processes of which one is killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import { smallDisk } from '../../persistence/testing/small-disk.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { testClickLogContract } from './click-log.contract.ts'
import type { ClickLogReader } from './click-log.ts'
import { LmdbClickLog } from './lmdb-click-log.ts'
import { LmdbClickReader } from './lmdb-click-reader.ts'

const OPTIONS = {
  bytesMax: 1e9,
  ageMaxMs: 7 * 86_400_000,
  clock: systemClock,
  now: () => Date.now() as EpochMs,
}

for (const place of ['in the same process', 'through an opening of its own'] as const) {
  testClickLogContract(`LMDB click log, read ${place}`, async (bytesMax) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
    const opened: { close(): Promise<void> }[] = []
    let writer: LmdbClickLog
    const keep = <T extends { close(): Promise<void> }>(part: T): T => {
      opened.unshift(part)
      return part
    }
    return {
      openWriter: async () =>
        (writer = keep(await LmdbClickLog.open(directory, { ...OPTIONS, bytesMax }))),
      openReader: async () =>
        keep(
          place === 'in the same process'
            ? writer.reader()
            : LmdbClickReader.of(directory, systemClock),
        ),
      remove: async () => {
        for (const part of opened) await part.close()
        await rm(directory, { recursive: true })
      },
    }
  })
}

test('what is held, its ids and the last position are there after a restart', async (t) => {
  const directory = await temporary(t)
  const first = await LmdbClickLog.open(directory, OPTIONS)
  for (let number = 0; number < 3; number++) await first.append(`a:r:${number}`, bytes(number))
  await first.close()
  await t.throwsAsync(first.append('a:r:9', bytes(9)), { code: 'click_log_unavailable' })
  const again = await LmdbClickLog.open(directory, OPTIONS)
  await again.append('a:r:2', bytes(2))
  await again.append('a:q:0', bytes(3))
  t.deepEqual(await contentsOf(again.reader()), [0, 1, 2, 3])
  await again.close()
})

test('what is too old is dropped, also while nothing comes, and its positions are not used again', async (t) => {
  const directory = await temporary(t)
  const clock = new ManualClock()
  const options = {
    ...OPTIONS,
    clock,
    ageMaxMs: 90_000,
    now: () => (1e12 + clock.now()) as EpochMs,
  }
  const log = await LmdbClickLog.open(directory, options)
  const reader = log.reader()
  await log.append('a:r:0', bytes(0))
  await clock.pass(50_000)
  await log.append('a:r:1', bytes(1))
  await clock.pass(45_000)
  await log.append('a:r:2', bytes(2))
  t.deepEqual(await contentsOf(reader), [1, 2])
  const gone = { firstPosition: 1e12 + 4, lastPosition: 1e12 + 3, bytes: 0 }
  while ((await reader.span()).bytes > 0) await clock.pass(60_000)
  await log.close()
  const again = await LmdbClickLog.open(directory, options)
  t.deepEqual(await again.reader().span(), gone)
  await again.append('a:r:3', bytes(3))
  t.is((await again.reader().span()).lastPosition, 1e12 + 4)
  await again.close()
})

test('a log that takes the place of a lost one goes on behind its positions', async (t) => {
  let now = 1e12
  const options = { ...OPTIONS, now: () => now as EpochMs }
  const positions = []
  for (const batches of [30, 1]) {
    const log = await LmdbClickLog.open(await temporary(t), options)
    for (let batch = 0; batch < batches; batch++) await log.append(`a:r:${batch}`, bytes(batch))
    positions.push((await log.reader().span()).lastPosition)
    await log.close()
    now += 1_000
  }
  t.true(positions[1]! > positions[0]!)
})

test('a reader that comes before the log says so, and reads it once it is there', async (t) => {
  const directory = path.join(await temporary(t), 'clicks')
  const reader = LmdbClickReader.of(directory, systemClock)
  await t.throwsAsync(reader.read(0), { code: 'click_log_unavailable' })
  const log = await LmdbClickLog.open(directory, OPTIONS)
  await log.append('a:r:0', bytes(5))
  t.deepEqual(await contentsOf(reader), [5])
  await reader.close()
  await log.close()
})

test('a full disk refuses batches until there is room, and keeps what it has', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const log = await LmdbClickLog.open(path.join(disk, 'clicks'), OPTIONS)
  let number = 0
  const append = async () => {
    await log.append(`a:r:${number}`, Buffer.alloc(50_000, number))
    number++
  }
  const fill = async (): Promise<never> => {
    while (true) await append()
  }
  await t.throwsAsync(fill(), { code: 'click_log_unavailable' })
  await t.throwsAsync(append(), { code: 'click_log_unavailable' })
  t.is((await contentsOf(log.reader())).length, number)
  await rm(path.join(disk, 'ballast'))
  await append()
  t.is((await contentsOf(log.reader())).at(-1), number - 1)
  await log.close()
})

const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** Appends without end; prints each number once it is safe. */
const WRITER = `
  import { systemClock } from ${here('../../links/clock.ts')}
  import { LmdbClickLog } from ${here('./lmdb-click-log.ts')}
  const [, directory, run] = process.argv
  const now = () => Date.now()
  const log = await LmdbClickLog.open(directory, { bytesMax: 20e6, ageMaxMs: 1e9, clock: systemClock, now })
  for (let number = 0; true; number++) {
    await log.append('a:' + run + ':' + number, Buffer.from(JSON.stringify({ run, number }).padEnd(number * 37 % 50_000)))
    process.stdout.write(number + '\\n')
  }`

/** Reads without end; prints how many batches it has seen, each of which must be whole. */
const READER = `
  import { systemClock } from ${here('../../links/clock.ts')}
  import { LmdbClickReader } from ${here('./lmdb-click-reader.ts')}
  const reader = LmdbClickReader.of(process.argv[1], systemClock)
  const never = new AbortController().signal
  let last = 0, seen = 0
  while (true) {
    for (const { position, payload } of await reader.read(last)) {
      JSON.parse(Buffer.from(payload).toString())
      last = position
      process.stdout.write(++seen + '\\n')
    }
    await reader.more(last, never)
  }`

test('writer and readers of other processes go on when any of them is killed', async (t) => {
  const directory = await temporary(t)
  const acknowledged = new Map<string, number>()
  let seen = 0
  for (const run of ['r1', 'r2', 'r3']) {
    const writer = await start(WRITER, [directory, run])
    await writer.reaches(50)
    const killed = await start(READER, [directory])
    const reader = await start(READER, [directory])
    await Promise.all([killed.reaches(100), reader.reaches(50)])
    await killed.kill()
    const before = writer.last
    await Promise.all([writer.reaches(before + 200), reader.reaches(200)])
    await writer.kill()
    acknowledged.set(run, writer.last)
    seen += reader.last
    await reader.kill()
  }
  t.true(seen > 0)
  const log = await LmdbClickLog.open(directory, OPTIONS)
  const held = new Map<string, number[]>()
  for (const { payload } of await all(log.reader())) {
    const { run, number } = JSON.parse(Buffer.from(payload).toString())
    held.set(run, [...(held.get(run) ?? []), number])
  }
  for (const [run, numbers] of held) {
    t.true(numbers.at(-1)! >= acknowledged.get(run)!)
    t.true(numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1))
  }
  await log.close()
})

interface Running {
  /** The newest number that it has told. */
  readonly last: number
  reaches(number: number): Promise<void>
  kill(): Promise<void>
}

async function start(program: string, args: readonly string[]): Promise<Running> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let last = -1
  let onLine: (() => void) | undefined
  const exit = once(child, 'exit')
  createInterface(child.stdout!).on('line', (line) => {
    last = Number(line)
    onLine?.()
  })
  return {
    get last() {
      return last
    },
    reaches: (number) =>
      new Promise((resolve, reject) => {
        void exit.then(() => reject(new Error('it has ended')))
        onLine = () => {
          if (last >= number) resolve()
        }
        onLine()
      }),
    kill: async () => {
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function temporary(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

async function all(reader: ClickLogReader) {
  const batches = []
  for (;;) {
    const some = await reader.read(batches.at(-1)?.position ?? 0)
    if (some.length === 0) return batches
    batches.push(...some)
  }
}

function bytes(number: number): Uint8Array {
  return Buffer.alloc(100, number)
}

async function contentsOf(reader: ClickLogReader): Promise<number[]> {
  return (await all(reader)).map(({ payload }) => payload[0]!)
}
