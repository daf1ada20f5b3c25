/** Questions take turns, end in time, and hold up no append. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { sampleClick } from '../testing/sample-clicks.ts'
import { DuckDbSession } from './duckdb-session.ts'
import { QUESTIONS_AT_ONCE_MAX, type DuckDbTurn } from './duckdb-turns.ts'

const LONG_MS = 600_000
const DAY_MS = 86_400_000
/** Enough for a ROLLBACK to be met by one of the interrupts, where nothing keeps them from it. */
const BROKEN_OFF_ROUNDS = 200
/** Takes longer than anybody waits. */
const ENDLESS = 'SELECT sum(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b'

test('a question that takes too long is broken off, and the next one is answered', async (t) => {
  const { questions } = await session(t)
  await t.throwsAsync(
    questions.take(5, (turn) => turn.read(ENDLESS)),
    { code: 'click_store_unavailable', message: /too long/ },
  )
  await t.throwsAsync(
    questions.take(5, (turn) => turn.atOneMoment(() => turn.read(ENDLESS))),
    { code: 'click_store_unavailable' },
  )
  const answer = await questions.take(LONG_MS, (turn) =>
    turn.atOneMoment(() => turn.read('SELECT 42')),
  )
  t.is(answer.value(0, 0), 42)
})

test('a question that is broken off leaves its connection to the next, whenever it happens', async (t) => {
  const { questions } = await session(t)
  for (let round = 0; round < BROKEN_OFF_ROUNDS; round++) {
    const asked = questions.take(LONG_MS, async (turn) => {
      const reading = turn.atOneMoment(() => turn.read(ENDLESS))
      while (await isPending(reading)) turn.breakOff()
      return reading
    })
    await t.throwsAsync(asked, { code: 'click_store_unavailable' })
    const next = questions.take(LONG_MS, (turn) => turn.atOneMoment(() => turn.read('SELECT 42')))
    t.is((await next).value(0, 0), 42)
  }
})

test('what nobody waits for is broken off, or leaves the line', async (t) => {
  const { questions } = await session(t)
  const gone = new AbortController()
  const asked = Array.from({ length: QUESTIONS_AT_ONCE_MAX + 3 }, () =>
    questions.take(LONG_MS, (turn) => turn.atOneMoment(() => turn.read(ENDLESS)), gone.signal),
  )
  const next = questions.take(LONG_MS, (turn) => turn.read('SELECT 42'))
  gone.abort()
  for (const one of asked) {
    await t.throwsAsync(one, { code: 'click_store_unavailable', message: /Nobody waits/ })
  }
  t.is((await next).value(0, 0), 42)
  const late = questions.take(LONG_MS, (turn) => turn.read(ENDLESS), gone.signal)
  await t.throwsAsync(late, { message: /Nobody waits/ })
})

test('so many questions run at once, the others in their order', async (t) => {
  const { questions } = await session(t)
  const begun: number[] = []
  const ends: (() => void)[] = []
  const asked = Array.from({ length: QUESTIONS_AT_ONCE_MAX + 3 }, (_, number) =>
    questions.take(LONG_MS, async () => {
      begun.push(number)
      await new Promise<void>((resolve) => ends.push(resolve))
    }),
  )
  for (let ended = 0; ended < asked.length; ended++) {
    await asked[ended - 1]
    await new Promise(setImmediate)
    t.is(begun.length, Math.min(asked.length, ended + QUESTIONS_AT_ONCE_MAX))
    ends[ended]!()
  }
  await Promise.all(asked)
  t.deepEqual(begun, [...asked.keys()])
})

test('a question that waits too long is refused, and those behind it are answered', async (t) => {
  const { questions } = await session(t)
  const { promise: held, resolve: end } = Promise.withResolvers<void>()
  const begun = Array.from({ length: QUESTIONS_AT_ONCE_MAX }, () =>
    questions.take(LONG_MS, () => held),
  )
  const impatient = questions.take(5, () => held)
  const patient = questions.take(LONG_MS, async () => 42)
  await t.throwsAsync(impatient, { code: 'click_store_unavailable', message: /Others/ })
  end()
  await Promise.all(begun)
  t.is(await patient, 42)
})

test('clicks are appended and looked up while every question runs on', async (t) => {
  const { questions, lookups, writer } = await session(t)
  let isOver = false
  const asked = Array.from({ length: QUESTIONS_AT_ONCE_MAX }, () =>
    questions.take(LONG_MS, async (turn) => {
      const reading = turn.read(ENDLESS)
      await new Promise<void>((resolve) => {
        const look = () => (isOver ? resolve() : setImmediate(look))
        look()
      })
      turn.breakOff()
      await t.throwsAsync(reading)
    }),
  )
  for (let position = 1; position <= 20; position++) {
    await writer.append([sampleClick({ position })], position)
  }
  const found = await lookups.take(LONG_MS, (turn) => count(turn, 'clicks'))
  t.is(found, 20)
  isOver = true
  await Promise.all(asked)
})

test('a question sees one moment, while clicks are appended and rolled up', async (t) => {
  const { questions, writer } = await session(t)
  await writer.append([sampleClick()], 1)
  await questions.take(LONG_MS, (turn) =>
    turn.atOneMoment(async () => {
      await writer.append([sampleClick({ position: 2 })], 2)
      t.true(await writer.rollUp(sampleClick().at + DAY_MS))
      await writer.checkpoint()
      t.is(await count(turn, 'clicks'), 1)
      t.is(await count(turn, 'click_hours'), 0)
    }),
  )
  await questions.take(LONG_MS, async (turn) => {
    t.is(await count(turn, 'clicks'), 0)
    t.is(await count(turn, 'click_hours'), 1)
  })
})

test('DuckDB asks no other host and keeps to its directory', async (t) => {
  const { lookups, database } = await session(t)
  const settings = ['autoload_known_extensions', 'autoinstall_known_extensions', 'temp_directory']
  const [load, install, spill] = await lookups.take(LONG_MS, async (turn) => {
    const read = await turn.read(
      `SELECT ${settings.map((name) => `current_setting('${name}')`).join(', ')}`,
    )
    return read.getRows()[0]!
  })
  t.deepEqual([load, install], [false, false])
  t.is(path.dirname(String(spill)), path.dirname(database.file))
})

test('too many that wait are refused', async (t) => {
  const { questions } = await session(t)
  const { promise: held, resolve: end } = Promise.withResolvers<void>()
  const asked = Array.from({ length: 1_000 }, () => questions.take(LONG_MS, () => held))
  const settled = Promise.allSettled(asked)
  const first = await t.throwsAsync(Promise.any(asked.slice(-1)))
  t.truthy(first)
  end()
  const outcomes = await settled
  const refused = outcomes.filter(({ status }) => status === 'rejected').length
  t.true(refused > 500 && refused < 1_000)
})

/** After a turn of the event loop. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  )
  return Promise.race([settled, new Promise<boolean>((resolve) => setImmediate(resolve, true))])
}

async function count(turn: DuckDbTurn, table: string): Promise<number> {
  return Number((await turn.read(`SELECT count(*) FROM ${table}`)).value(0, 0))
}

async function session(t: ExecutionContext): Promise<DuckDbSession> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  const settings = { memoryBytesMax: 2 ** 28, threads: 1, directory: path.join(root, 'store') }
  const opened = await DuckDbSession.open(settings)
  t.teardown(async () => {
    await opened.close()
    await rm(root, { recursive: true })
  })
  return opened
}
