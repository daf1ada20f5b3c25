import { createInterface } from 'node:readline'
import test, { type ExecutionContext } from 'ava'
import { startCommand } from '../cli/testing/command-process.ts'
import { until } from './deadline.ts'
import { API_KEY, Program, temporaryDirectory } from './program.ts'

/*
 * Clicks of the real program, from redirects to whoever asks: answers, files, live lines, and what is forgotten.
 */

const PATIENCE_MS = 60_000
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const ALL_ROLES = { TINYGRID_ROLES: 'gateway,actors,analytics' }

async function start(t: ExecutionContext, env: Record<string, string> = {}): Promise<Program> {
  const program = await Program.start({
    dataDir: temporaryDirectory(t),
    env: { ...ALL_ROLES, ...env },
  })
  t.teardown(() => program.kill())
  await program.create({ url: 'https://example.com/', code: 'abc', tags: ['red'] })
  await program.create({ url: 'https://example.org/', code: 'other' })
  return program
}

async function follow(
  program: Program,
  code: string,
  times: number,
  language = 'en',
): Promise<void> {
  for (let n = 0; n < times; n++) {
    const news = { referer: 'https://news.example/a', 'accept-language': language }
    const headers = { 'user-agent': FIREFOX, ...news }
    await fetch(`${program.url}/${code}`, { redirect: 'manual', headers })
  }
}

async function json(program: Program, route: string, method = 'GET') {
  const response = await program.api(route, { method })
  return (await response.json()) as Record<string, unknown>
}

async function untilCounted(program: Program, code: string, visits: number): Promise<void> {
  await until(`${visits} visits of ${code} are counted`, PATIENCE_MS, async () => {
    return (await json(program, `/api/links/${code}`))['visits'] === visits
  })
}

test('what was followed is answered, listed, exported and forgotten', async (t) => {
  const program = await start(t, { TINYGRID_IP_PRIVACY: 'full' })
  await follow(program, 'abc', 5)
  await follow(program, 'other', 2)
  await untilCounted(program, 'abc', 5)
  await untilCounted(program, 'other', 2)
  const stats = await json(
    program,
    '/api/stats?groupBy=tag,referrer&interval=day&filter=browser:Firefox',
  )
  t.like(stats['totals'], { clicks: 7, humans: 7, visitors: 1 })
  t.like(stats['groups'], [
    { tag: 'red', referrer: 'news.example', clicks: 5 },
    { tag: '', referrer: 'news.example', clicks: 2 },
  ])
  t.like(await json(program, '/api/links/other/stats'), { totals: { clicks: 2 } })
  const { links } = await json(program, '/api/links?sort=visits')
  t.deepEqual(
    (links as { code: string }[]).map(({ code }) => code),
    ['abc', 'other'],
  )
  t.deepEqual(await json(program, '/api/tags'), { tags: [{ tag: 'red', links: 1 }] })
  const csv = await (await program.api('/api/links/abc/visits?format=csv')).text()
  t.is(csv.trimEnd().split('\r\n').length, 6)
  const parquet = Buffer.from(await (await program.api('/api/visits?format=parquet')).arrayBuffer())
  t.is(parquet.subarray(0, 4).toString(), 'PAR1')
  t.is(parquet.subarray(-4).toString(), 'PAR1')
  const page = await json(program, '/api/visits?limit=3')
  t.is((page['visits'] as unknown[]).length, 3)
  const rest = await json(program, `/api/visits?cursor=${String(page['nextCursor'])}`)
  t.is((rest['visits'] as unknown[]).length, 4)
  t.like(await json(program, '/api/links/other/clicks', 'DELETE'), { deleted: 2 })
  const forgotten = await json(program, '/api/visits?address=127.0.0.1', 'DELETE')
  t.like(forgotten, { deleted: 5, matched: 'address' })
  t.like(await json(program, '/api/stats'), { totals: { clicks: 0 } })
  await tellsRules(t, program)
})

/** Clicks tell which rule of their link led the visitor. Nothing else is counted before. */
async function tellsRules(t: ExecutionContext, program: Program): Promise<void> {
  const rules = ['de', 'fr'].map((name) => {
    return { languages: [name], url: `https://example.com/${name}` }
  })
  await program.create({ url: 'https://example.com/', code: 'ruled', rules })
  for (const [language, times] of [
    ['fr', 3],
    ['de', 2],
    ['en', 1],
  ] as const) {
    await follow(program, 'ruled', times, language)
  }
  await follow(program, 'abc', 4)
  await untilCounted(program, 'ruled', 6)
  await untilCounted(program, 'abc', 4)
  t.like((await json(program, '/api/stats?groupBy=rule'))['groups'], [
    { rule: '', clicks: 5 },
    { rule: '2', clicks: 3 },
    { rule: '1', clicks: 2 },
  ])
  const { totals } = await json(program, '/api/links/ruled/stats?filter=rule:1,2')
  t.like(totals, { clicks: 5 })
  const lines = await (await program.api('/api/visits?filter=rule:2&format=ndjson')).text()
  const told = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  t.like(
    told,
    Array.from({ length: 3 }, () => ({ code: 'ruled', language: 'fr', rule: 2 })),
  )
  const csv = await (await program.api('/api/visits?filter=rule:1&format=csv')).text()
  t.deepEqual(
    csv
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(',').at(-1)),
    ['rule', '1', '1'],
  )
}

test('a follower hears clicks and changes as they come', async (t) => {
  const program = await start(t)
  const args = ['--follow', '--from-start', '--url', program.url, '--key', API_KEY]
  const { child, ended } = startCommand('clicks', args)
  t.teardown(() => child.kill('SIGKILL'))
  await follow(program, 'abc', 3)
  const seen: Record<string, unknown>[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    seen.push(JSON.parse(line) as Record<string, unknown>)
    if (seen.filter(({ event }) => event === 'click').length === 3) child.kill('SIGINT')
  }
  await ended
  const change = seen.find(({ event, code }) => event === 'change' && code === 'abc')
  t.like(change, { kind: 'created', tags: ['red'] })
  const click = seen.find(({ event }) => event === 'click')
  t.like(click, { event: 'click', code: 'abc', browser: 'Firefox', referrer: 'news.example' })
  t.is(new Set(seen.map(({ id }) => id)).size, seen.length)
})
