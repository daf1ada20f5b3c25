import { readdirSync, truncateSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { decodeBatch } from '../clicks/log/batch-codec.ts'
import type { ClickBatch } from '../clicks/log/click-batch.ts'
import { LmdbClickReader } from '../clicks/log/lmdb-click-reader.ts'
import { systemClock } from '../links/clock.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'

/*
 * Clicks of the real program, from redirects into the click log.
 */

const PATIENCE_MS = 60_000
const VISITS = 300

test('what visitors were answered is in the log after a stop, once each, and in the metrics', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await start(t, dataDir)
  await create(program, 'abc', 'once')
  for (let visit = 0; visit < VISITS; visit++) {
    await visitOf(program, visit % 2 === 0 ? `/abc?visit=${visit}` : `/abc/?visit=${visit}`)
  }
  await Promise.all(
    Array.from({ length: VISITS }, (_, visit) =>
      visitOf(program, visit % 2 === 0 ? '/abc' : '/abc/'),
    ),
  )
  t.is(await visitOf(program, '/once'), 302)
  t.is(await visitOf(program, '/once'), 410)
  t.is(await visitOf(program, '/nothing'), 404)
  await visitOf(program, '/abc', 'HEAD')
  await visitOf(program, '/')
  const answered = 2 * VISITS + 3
  const numbers = await clickNumbers(program)
  t.is(numbers.get('accepted'), answered)
  await until('all are logged', PATIENCE_MS, async () => {
    const { accepted, logged, waiting } = Object.fromEntries(await clickNumbers(program))
    return accepted === logged! + waiting! && waiting === 0
  })
  t.is(await program.stop(), 0)
  const batches = await loggedBatches(dataDir)
  const clicks = batches.flatMap((batch) => batch.clicks)
  t.is(clicks.length, answered)
  const queries = new Set(clicks.map(({ query }) => query))
  t.is(queries.size, VISITS + 1)
  const byStatus = Object.groupBy(clicks, ({ status }) => status)
  t.deepEqual([byStatus[404]!.length, byStatus[410]!.length], [1, 1])
  t.true(clicks.every(({ address }) => address === '127.0.0.0'))
  t.is(new Set(clicks.map(({ visitor }) => visitor)).size, 1)
  t.true(JSON.stringify(batches).length > 0 && !JSON.stringify(batches).includes('127.0.0.1'))
})

test('a stop takes along what came last, and a kill loses no more than that', async (t) => {
  const dataDir = temporaryDirectory(t)
  let before = 0
  for (const end of ['stop', 'kill', 'stop'] as const) {
    // More than the test waits for: nothing of it may be left over to keep the process.
    const program = await start(t, dataDir, { TINYGRID_STOP_TIMEOUT: '600000' })
    if (before === 0) await create(program, 'abc')
    for (let visit = 0; visit < 10; visit++) await visitOf(program, '/abc')
    if (end === 'kill') {
      await until('all are logged', PATIENCE_MS, async () => {
        return (await clickNumbers(program)).get('logged') === 10
      })
    }
    t.is(await program[end](), end === 'stop' ? 0 : null)
    const clicks = (await loggedBatches(dataDir)).flatMap((batch) => batch.clicks)
    t.is(clicks.length, before + 10)
    // The salt of the day outlives both.
    t.is(new Set(clicks.map(({ visitor }) => visitor)).size, 1)
    before = clicks.length
  }
})

test('changes of links are in the log once each; visits, refusals and starts are none', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await start(t, dataDir)
  const link = '/api/links/abc'
  await create(program, 'abc', 'once')
  await program.api(link, { method: 'PATCH', json: { title: 'A title', tags: ['a'] } })
  await visitOf(program, '/once')
  await program.api(link, { method: 'DELETE' })
  await program.api(`${link}/restore`, { method: 'POST' })
  await program.api(`${link}?purge=true`, { method: 'DELETE' })
  await program.create({ url: 'https://example.com/', code: 'once' }) // is taken
  await program.stop()
  const again = await start(t, dataDir)
  t.is(await visitOf(again, '/abc'), 404)
  await again.stop()
  const changes = (await loggedBatches(dataDir)).flatMap((batch) => batch.changes)
  const told = changes.map(({ kind, code, title }) => `${kind} ${code} ${title}`)
  t.deepEqual(told, [
    'created abc null',
    'created once null',
    'changed abc A title',
    'deleted abc A title',
    'changed abc A title',
    'deleted abc A title',
  ])
})

test('a damaged click log is put aside, and links are none the worse for it', async (t) => {
  const dataDir = temporaryDirectory(t)
  const first = await start(t, dataDir)
  await create(first, 'abc')
  await visitOf(first, '/abc')
  await first.stop()
  truncateSync(path.join(logOf(dataDir), 'data.mdb'), 5_000)
  const program = await start(t, dataDir)
  t.is(await visitOf(program, '/abc'), 302)
  await program.stop()
  t.regex(program.output, /the click log .* is damaged/)
  t.true(readdirSync(path.dirname(logOf(dataDir))).some((name) => name.startsWith('log-damaged-')))
  t.is((await loggedBatches(dataDir)).flatMap(({ clicks }) => clicks).length, 1)
})

test('without clicks there is no log of them, and nothing to count', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await start(t, dataDir, { TINYGRID_CLICKS: 'false' })
  await create(program, 'abc')
  t.is(await visitOf(program, '/abc'), 302)
  t.is((await clickNumbers(program)).size, 0)
  await program.stop()
  t.false(readdirSync(path.join(dataDir, 'data')).includes('clicks'))
})

async function start(t: ExecutionContext, dataDir: string, env = {}): Promise<Program> {
  const program = await Program.start({ dataDir, env })
  t.teardown(() => program.kill())
  return program
}

async function create(program: Program, code: string, once?: string): Promise<void> {
  const codes = once === undefined ? [{ code }] : [{ code }, { code: once, maxVisits: 1 }]
  for (const each of codes) {
    const response = await program.create({ url: 'https://example.com/', ...each })
    if (response.status !== 201) throw new Error(await response.text())
  }
}

async function visitOf(program: Program, target: string, method = 'GET'): Promise<number> {
  const response = await fetch(program.url + target, { method, redirect: 'manual' })
  await response.arrayBuffer()
  return response.status
}

/** By what `/metrics` calls them behind `tinygrid_clicks_`. */
async function clickNumbers(program: Program): Promise<ReadonlyMap<string, number>> {
  const text = await (await program.api('/metrics')).text()
  const found = text.matchAll(/^tinygrid_clicks_(accepted|logged|waiting)(?:_total)? (\d+)$/gm)
  return new Map(Array.from(found, ([, name, value]) => [name!, Number(value)]))
}

function logOf(dataDir: string): string {
  return path.join(dataDir, 'data', 'clicks', 'log')
}

async function loggedBatches(dataDir: string): Promise<ClickBatch[]> {
  const reader = LmdbClickReader.of(logOf(dataDir), systemClock)
  const batches: ClickBatch[] = []
  for (let last = 0; ;) {
    const some = await reader.read(last)
    if (some.length === 0) break
    last = some.at(-1)!.position
    batches.push(...some.map(({ payload }) => decodeBatch(payload)))
  }
  await reader.close()
  return batches
}
