/**
 * What clicks cost the process that redirects: with them against without, and all on one link against
 * many. The analytics process is left out: it is another process, and would take what the load needs.
 *
 * It is one process, whose clicks are switched off and on (`click-switch.ts`), in many samples of a second.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { VisitedLink } from '../link-set.ts'
import { RedirectLoad, type LoadResult } from '../load.ts'
import { figure, type Measure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { ServerProcess } from '../server-process.ts'

const SPREAD_LINKS = 10_000
const SAMPLE_SECONDS = 1
/** A process that redirects, and can be told to note nothing. */
export const SWITCHED = { env: { TINYGRID_ROLES: 'gateway,actors' }, hasClickSwitch: true }

const perSecond = (result: LoadResult) => result.perSecond
const cpuMicros = (result: LoadResult) => result.cpuMicros ?? Number.NaN
const perCpu = (result: LoadResult) => 1 / cpuMicros(result)

export const clicks: Scenario = {
  name: 'clicks',
  about: 'full load with clicks on and off; all of it on one link, and spread over 10,000',
  async run(bench) {
    const links = (await bench.visitedLinks()).slice(0, SPREAD_LINKS)
    const spread = await loadOf(bench, 'spread', links)
    const one = await loadOf(bench, 'one', links.slice(0, 1))
    const server = await bench.startLoaded(SWITCHED)
    const rounds = await Rounds.run(
      bench,
      [
        { name: 'off', sample: () => sampleOf(server, spread, false) },
        { name: 'on', sample: () => sampleOf(server, spread, true) },
        { name: 'one link', sample: () => sampleOf(server, one, true) },
        { name: 'one link, off', sample: () => sampleOf(server, one, false) },
      ],
      samplesIn(bench),
    )
    return [...measuresOf(rounds), await droppedOf(server)]
  },
}

/** As many of each as take the time that was asked for. */
export function samplesIn({ options }: Bench): number {
  return Math.ceil((options.rounds * options.seconds) / SAMPLE_SECONDS)
}

export async function sampleOf(
  server: ServerProcess,
  load: RedirectLoad,
  isOn: boolean,
): Promise<LoadResult> {
  await server.switchClicks(isOn)
  return load.run(server, SAMPLE_SECONDS)
}

export async function loadOf(
  bench: Bench,
  name: string,
  links: readonly VisitedLink[],
): Promise<RedirectLoad> {
  const folder = join(bench.folder, name)
  mkdirSync(folder)
  const load = new RedirectLoad(bench.options.tool, links, folder)
  await load.prepare()
  return load
}

const speedIn = (rounds: Rounds) => (name: string) => `${figure(rounds.median(name, perSecond))}/s`
const cpuIn = (rounds: Rounds) => (name: string) => `${figure(rounds.median(name, cpuMicros))} µs`

/** @param what is served; contenders are called `on` and `off` */
export function onAgainstOff(what: string, rounds: Rounds): Measure[] {
  const [speed, cpu] = [speedIn(rounds), cpuIn(rounds)]
  const goal = { atLeast: 0.92 }
  return [
    {
      name: `${what} with clicks on against off, throughput`,
      goal,
      got: rounds.ratio('on', 'off', perSecond),
      unit: '',
      note: `${speed('on')} against ${speed('off')}`,
    },
    {
      name: `${what} with clicks on against off, for the same CPU time`,
      goal,
      got: rounds.ratio('on', 'off', perCpu),
      unit: '',
      note: `${cpu('on')} each against ${cpu('off')}`,
    },
  ]
}

function measuresOf(rounds: Rounds): Measure[] {
  const [speed, cpu] = [speedIn(rounds), cpuIn(rounds)]
  return [
    ...onAgainstOff('redirects', rounds),
    {
      name: 'one link taking all clicks against 10,000 links, throughput',
      goal: { atLeast: 1 },
      got: rounds.ratio('one link', 'on', perSecond),
      unit: '',
      note: `${speed('one link')}, ${cpu('one link')} each; off ${speed('one link, off')}`,
    },
  ]
}

/** Of all clicks, those that were not logged. */
export async function droppedOf(server: ServerProcess): Promise<Measure> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const sumOf = (name: string) => {
    const found = text.matchAll(new RegExp(`^tinygrid_clicks_${name}_total(?:{.*})? (\\d+)$`, 'gm'))
    return Array.from(found, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0)
  }
  const accepted = sumOf('accepted')
  return {
    name: 'clicks dropped meanwhile',
    goal: { atMost: 0 },
    got: sumOf('dropped'),
    unit: '',
    note: `of ${figure(accepted)}`,
  }
}
