/**
 * The way of clicks behind the redirect: a full click log through one analytics process on one core.
 */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AnalyticsSupervisor,
  type AnalyticsChild,
} from '../../clicks/analytics/analytics-supervisor.ts'
import { forkAnalytics } from '../../clicks/analytics/forked-analytics.ts'
import { CLICK_STORE_FILE } from '../../clicks/store/duckdb-database.ts'
import { systemClock } from '../../links/clock.ts'
import { writeClicks } from '../click-log.ts'
import { figure, type Measure } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { cpuMsOf } from '../server-process.ts'

const CLICKS = 1_000_000
const LINKS = 10_000
const STOP_MS = 30_000
const LOOK_MS = 20

export const clickPath: Scenario = {
  name: 'click-path',
  about: '1 million clicks of 1,000 agents and 100,000 addresses from a full log into the store',
  async run(bench) {
    const clicks = bench.options.clicks ?? CLICKS
    const spread = await stored(bench, clicks, LINKS)
    const one = await stored(bench, clicks, 1)
    const perCpuSecond = ({ cpuMs }: Stored) => clicks / (cpuMs / 1000)
    const sizeOf = (name: string, atMost: number, bytes: number): Measure => {
      return { name, goal: { atMost }, got: bytes / clicks, unit: ' B' }
    }
    return [
      {
        name: 'clicks from log to store, a second of one core',
        goal: { atLeast: 50_000 },
        got: perCpuSecond(spread),
        unit: '/s',
        note: `${figure(clicks / (spread.wallMs / 1000))}/s by the clock, with all else that the machine did`,
      },
      {
        name: 'clicks of one link against 10,000 links, from log to store',
        goal: { atLeast: 1 },
        got: perCpuSecond(one) / perCpuSecond(spread),
        unit: '',
        note: `${figure(perCpuSecond(one))}/s of one core; ${figure(one.storeBytes / clicks)} B each in the store`,
      },
      sizeOf('bytes of a click in the log', 64, spread.logBytes),
      sizeOf('bytes of a click in the store', 32, spread.storeBytes),
    ]
  },
}

interface Stored {
  readonly wallMs: number
  readonly cpuMs: number
  readonly logBytes: number
  readonly storeBytes: number
}

async function stored(bench: Bench, clicks: number, links: number): Promise<Stored> {
  const directory = bench.emptyDataDir()
  bench.say(`writing ${clicks} clicks of ${links} links ...`)
  const { bytes } = await writeClicks(join(directory, 'log'), clicks, links)
  return { ...(await store(bench, directory, clicks)), logBytes: bytes }
}

/** From when it is ready until everything is stored. */
async function store(bench: Bench, directory: string, clicks: number) {
  let child: AnalyticsChild | undefined
  const supervisor = new AnalyticsSupervisor({
    settings: {
      log: { kind: 'lmdb', directory: join(directory, 'log') },
      store: { kind: 'duckdb', directory: join(directory, 'store') },
      retentionDays: 400,
      keepsAddress: true,
      geoipFile: undefined,
      geoipAsnFile: undefined,
      hooks: {
        values: { kind: 'file', file: join(directory, 'hooks.json') },
        allowsPrivate: false,
        reportsDirectory: directory,
      },
    },
    fork: () => (child = onOneCore(bench)),
    clock: systemClock,
    random: Math.random,
    onLog: (level, what, detail = '') => bench.say(`${level}: ${what} ${detail}`),
  })
  supervisor.start(() => Promise.resolve(new Map()))
  while (!supervisor.isReady) await sleep(LOOK_MS)
  const cpuBefore = cpuMsOf(child?.pid) ?? NaN
  const began = performance.now()
  while (supervisor.numbers.stored < clicks) await sleep(LOOK_MS)
  const wallMs = performance.now() - began
  const cpuMs = (cpuMsOf(child?.pid) ?? NaN) - cpuBefore
  await supervisor.close(STOP_MS)
  return { wallMs, cpuMs, storeBytes: statSync(join(directory, 'store', CLICK_STORE_FILE)).size }
}

function onOneCore(bench: Bench): AnalyticsChild {
  const child = forkAnalytics((text) => bench.say(text))
  try {
    execFileSync('taskset', ['-apc', '1', String(child.pid)], { stdio: 'ignore' })
  } catch {
    bench.say('taskset is not there: the process has all cores')
  }
  return child
}
