/** Reports are answered, sent once for each period, and outlive a restart. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { ToldEvent } from '../hooks/hook-message.ts'
import type { Answer, Question } from '../store/question.ts'
import { MemoryValues } from '../testing/memory-values.ts'
import type { ReportTable } from './report-table.ts'
import { Reports } from './reports.ts'

const NOON = Date.parse('2026-11-27T12:00:00Z')
const DAY_MS = 86_400_000
const COUNTS = { clicks: 5, humans: 4, bots: 1, visitors: 3 }
const ANSWER: Answer = {
  totals: COUNTS,
  series: [],
  groups: [{ values: ['DE'], ...COUNTS }],
  other: null,
}
const GIVEN = { name: 'Ländér / ../x', period: 'day', groupBy: ['country'] }

test('a report is answered for the last period', async (t) => {
  const world = await newWorld(t)
  const { id } = await world.reports.add({ ...GIVEN, filters: [{ field: 'tag', values: ['a'] }] })
  const { from, to, answer } = await world.reports.result(id, toEpochMs(NOON))
  t.is(to - from, DAY_MS)
  t.is(answer, ANSWER)
  t.deepEqual([...world.asked[0]!.tags!.keys()], ['a'])
  await world.reports.change(id, { groupBy: ['tag'] })
  await world.reports.result(id, toEpochMs(NOON))
  t.deepEqual([...world.asked[1]!.tags!.keys()], ['a', 'b'])
  const bytes = await world.reports.parquet(id, toEpochMs(NOON))
  t.is(Buffer.from(bytes).toString(), 'tag,clicks,humans,bots,visitors: 2 rows')
})

test('what is due lies in the directory, once', async (t) => {
  const world = await newWorld(t)
  await world.reports.add({ ...GIVEN, schedule: { hour: 6, to: 'directory' } })
  await world.pass(DAY_MS)
  await eventually(async () => (await world.reports.list())[0]?.sentTo !== null)
  const files = await readdir(world.directory)
  t.is(files.length, 1)
  t.regex(files[0]!, /^lander-x-[a-z0-9-]{12}-2026-11-27\.csv$/)
  t.regex(await readFile(path.join(world.directory, files[0]!), 'utf8'), /^country,clicks/)
  const asked = world.asked.length
  await world.pass(DAY_MS / 4)
  t.is(world.asked.length, asked)
})

test('after a restart a period that was sent is not sent again', async (t) => {
  const world = await newWorld(t)
  await world.reports.add({ ...GIVEN, schedule: { hour: 0, to: { webhook: 'abcdefghijkl' } } })
  await world.pass(DAY_MS)
  t.is(world.told.length, 1)
  await world.restart()
  await world.pass(DAY_MS / 4)
  t.is(world.told.length, 1)
  await world.pass(DAY_MS)
  t.is(world.told.length, 2)
  t.like(world.told[1], { type: 'report', to: '2026-11-29T00:00:00.000Z', answer: ANSWER })
})

test('what could not be sent is told, and tried again', async (t) => {
  const world = await newWorld(t)
  world.fails = true
  await world.reports.add({ ...GIVEN, schedule: { hour: 0, to: { webhook: 'abcdefghijkl' } } })
  await world.pass(DAY_MS)
  const [failed] = await world.reports.list()
  t.is(failed?.lastFailure?.reason, 'There is no such page')
  world.fails = false
  await world.pass(120_000)
  t.is(world.told.length, 1)
  t.is((await world.reports.list())[0]?.lastFailure, null)
})

test('a report that was removed is not there', async (t) => {
  const world = await newWorld(t)
  const { id } = await world.reports.add(GIVEN)
  await world.reports.remove(id)
  await t.throwsAsync(world.reports.result(id, toEpochMs(NOON)), { code: 'not_found' })
  await world.restart()
  t.deepEqual(await world.reports.list(), [])
})

async function newWorld(t: ExecutionContext) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-reports-'))
  let stop = new AbortController()
  t.teardown(async () => {
    stop.abort()
    await rm(directory, { recursive: true, force: true })
  })
  const clock = new ManualClock()
  const saved = new MemoryValues()
  const world = {
    asked: [] as Question[],
    told: [] as ToldEvent[],
    fails: false,
    directory: path.join(directory, 'reports'),
    reports: undefined as unknown as Reports,
    pass: (ms: number) => clock.pass(ms),
    async restart() {
      world.reports = await start()
    },
  }
  const options = {
    saved,
    clock,
    directory: world.directory,
    now: () => toEpochMs(NOON + clock.now()),
    ask: async (question: Question) => {
      world.asked.push(question)
      return ANSWER
    },
    parquetOf: async ({ columns, rows }: ReportTable) =>
      Buffer.from(`${columns.join(',')}: ${rows.length} rows`),
    codesOfTags: async (tags: readonly string[] | 'all') =>
      new Map((tags === 'all' ? ['a', 'b'] : tags).map((tag) => [tag, [`code-of-${tag}` as Code]])),
    tell: async (_webhook: string, _id: string, event: ToldEvent) => {
      if (world.fails) throw new TinygridError('not_found')
      world.told.push(event)
    },
    onError: () => {},
  }
  const start = async () => {
    stop.abort()
    stop = new AbortController()
    const reports = new Reports(options)
    await reports.start(stop.signal)
    return reports
  }
  world.reports = await start()
  return world
}

/** Files take turns of the event loop that no clock tells of. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}
