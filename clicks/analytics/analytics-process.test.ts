import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { toEpochMs } from '../../links/ids.ts'
import { until } from '../../test/deadline.ts'
import { sampleQuestion } from '../testing/sample-clicks.ts'
import type { Analytics } from './analytics.ts'
import { AnalyticsWorld } from './testing/analytics-world.ts'

const PATIENCE_MS = 60_000

function worldOf(t: ExecutionContext): AnalyticsWorld {
  const world = new AnalyticsWorld()
  t.teardown(() => world.end())
  return world
}

async function untilStored(world: AnalyticsWorld, analytics: Analytics, clicks: number) {
  await until(`${clicks} clicks are stored`, PATIENCE_MS, async () => {
    const status = await analytics.status().catch(() => undefined)
    return status?.clicks === clicks
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${world.lines.join('\n')}`)
  })
}

test.serial('clicks of the log can be asked about, and exported, in every form', async (t) => {
  const world = worldOf(t)
  const analytics = await world.start()
  await world.append(3)
  await world.append(2)
  await untilStored(world, analytics, 5)
  const now = Date.now()
  const question = sampleQuestion({ from: toEpochMs(0), to: toEpochMs(now + 60_000) })
  t.is((await analytics.ask(question)).totals.clicks, 5)
  for (const format of ['json', 'ndjson', 'csv', 'parquet'] as const) {
    const pieces: Uint8Array[] = []
    for await (const piece of analytics.visits(question, format, 4)) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (format === 'parquet') t.is(bytes.subarray(0, 4).toString(), 'PAR1')
    else t.is(bytes.toString().trim().split('\n').length, format === 'csv' ? 5 : 4)
  }
  t.deepEqual(world.lines, [])
})

test.serial(
  'a process that is killed is replaced, and no click counts twice or is lost',
  async (t) => {
    const world = worldOf(t)
    const analytics = await world.start()
    let clicks = 0
    for (let round = 1; round <= 4; round++) {
      await world.append(round)
      clicks += round
      if (round % 2 === 0) await untilStored(world, analytics, clicks)
      world.kill()
    }
    await untilStored(world, analytics, clicks)
    await until('its counts are told', PATIENCE_MS, () => analytics.numbers.stored === clicks)
    await analytics.close(PATIENCE_MS)
    t.is(analytics.numbers.stored, clicks)
  },
)

test.serial('every thread of it yields to the redirects, those of the store too', async (t) => {
  const world = worldOf(t)
  const analytics = await world.start()
  await world.append(1)
  await untilStored(world, analytics, 1)
  const tasks = `/proc/${world.pid}/task`
  const priorities = readdirSync(tasks).map((thread) => {
    const stat = readFileSync(`${tasks}/${thread}/stat`, 'latin1')
    // The second field is the name in brackets and may hold spaces; the nineteenth is how nice it is.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
  t.true(priorities.length > 1)
  t.true(
    priorities.every((nice) => nice >= 10),
    `how nice the threads are: ${priorities.join()}`,
  )
})

test.serial('a question that nobody waits for is broken off in the store', async (t) => {
  const world = worldOf(t)
  const analytics = await world.start()
  await world.append(5_000)
  await untilStored(world, analytics, 5_000)
  const question = sampleQuestion({ groupBy: ['network', 'browser'], interval: 'month' })
  // Where it is when it is told so cannot be known; an answer takes several statements.
  await until('one was broken off', PATIENCE_MS, async () => {
    const gone = new AbortController()
    const asked = analytics.ask(question, gone.signal)
    gone.abort()
    await t.throwsAsync(asked, { code: 'analytics_unavailable' })
    return world.refusals.some((refusal) => refusal.startsWith('Nobody waits'))
  })
  t.truthy(await analytics.ask(question))
})

test.serial('a stop stores at once what the log has', async (t) => {
  const world = worldOf(t)
  const analytics = await world.start()
  await until('it is ready', PATIENCE_MS, () => analytics.isReady)
  await world.append(7)
  await analytics.close(PATIENCE_MS)
  t.like(analytics.numbers, { stored: 7, lag: 0 })
})

test.serial('a damaged file is moved aside, and made anew from the click log', async (t) => {
  const world = worldOf(t)
  const first = await world.start()
  await world.append(4)
  await untilStored(world, first, 4)
  await first.close(PATIENCE_MS)
  const file = path.join(world.storeDirectory, 'clicks.duckdb')
  writeFileSync(file, Buffer.alloc(20_000, 'x'))
  const second = await world.start()
  await untilStored(world, second, 4)
  t.true(
    readdirSync(world.storeDirectory).some((name) => name.startsWith('clicks.duckdb.damaged-')),
  )
  t.regex(world.lines.join('\n'), /is damaged.*It was moved to .*read again from the click log/s)
})

test.serial(
  'of two processes over one store the second waits until the first is gone',
  async (t) => {
    const world = worldOf(t)
    const first = await world.start()
    await until('the first is ready', PATIENCE_MS, () => first.isReady)
    const second = await world.start()
    await until('the second says so', PATIENCE_MS, () => {
      return world.lines.some((line) => /another process has the click store/.test(line))
    })
    t.false(second.isReady)
    await first.close(PATIENCE_MS)
    await until('the second is ready', PATIENCE_MS, () => second.isReady)
    t.pass()
  },
)
