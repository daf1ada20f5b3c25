/**
 * Redirects at a fixed rate beside many searches and bulk requests, which are long work: what the
 * redirects notice of it.
 *
 * By turns, so that what else the machine does weighs on all alike: the rate alone, the rate beside
 * long work on the same server, and for comparison the rate beside the same long work on another
 * server, which asks as much of the machine and nothing of the server that redirects. Beside them
 * stands what is the server's own: the longest turn of its event loop by its own processor time. Where
 * that is short and the latency long, the processor was somebody else's.
 */
import { LongClients, type LongCounts } from '../long-clients.ts'
import { figure, median, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 4_000
const CLIENTS = { searches: 100, bulks: 100, linksPerBulk: 100 }

interface Round {
  readonly alone: StreamResult
  readonly beside: StreamResult
  /** Beside long work on another server. */
  readonly elsewhere: StreamResult
  readonly turnMs: number
  readonly clients: LongCounts
}

export const longWork: Scenario = {
  name: 'long-work',
  about: '4,000 redirects/s beside 100 searches and 100 bulk requests at a time: latency, by turns',
  async run(bench) {
    const server = await bench.startLoaded({ isWatched: true })
    const other = await bench.startLoaded()
    const redirects = redirectStream(await bench.visitedLinks(), REDIRECTS_PER_SECOND)
    const run = async () => (await runOpenLoop(server.port, bench.options.seconds, [redirects]))[0]!
    const besideLongWork = async (port: number) => {
      const clients = new LongClients({ port, ...CLIENTS })
      const result = await run()
      return { result, turnMs: await server.longestTurnMs(), clients: await clients.stop() }
    }
    const round = async (): Promise<Round> => {
      const alone = await run()
      await server.longestTurnMs()
      const { result: beside, turnMs, clients } = await besideLongWork(server.port)
      const { result: elsewhere } = await besideLongWork(other.port)
      return { alone, beside, elsewhere, turnMs, clients }
    }
    await round() // Warms up.
    const rounds: Round[] = []
    for (let n = 0; n < bench.options.rounds; n++) rounds.push(tell(bench, await round()))
    return [...measuresOf(rounds), ...meanwhile(rounds, bench.options.seconds)]
  },
}

function tell(bench: Bench, round: Round): Round {
  bench.say(`  alone: ${describe(round.alone)}`)
  bench.say(
    `  beside: ${describe(round.beside)}; the server's longest ${figure(round.turnMs, ' ms')}`,
  )
  bench.say(`  beside long work elsewhere: ${describe(round.elsewhere)}`)
  return round
}

function measuresOf(rounds: readonly Round[]): Measure[] {
  const name = 'redirects, 4,000/s beside long work'
  const middle = (of: (round: Round) => number) => median(rounds.map(of))
  const alone = middle((round) => round.alone.p999Ms)
  const late = middle((round) => round.beside.generatorLateP999Ms)
  const ofAlone = middle((round) => round.beside.p999Ms / round.alone.p999Ms)
  const ofElsewhere = middle(({ beside, elsewhere }) => beside.p999Ms / elsewhere.p999Ms)
  return [
    {
      name: `${name}, p99.9`,
      goal: { atMost: 20 },
      got: middle(({ beside }) => beside.p999Ms),
      unit: ' ms',
      note: `alone ${figure(alone, ' ms')}; sent ${figure(late, ' ms')} late by the generator (p99.9)`,
    },
    {
      name: "the server's longest turn meanwhile, of its own processor time",
      goal: { atMost: 20 },
      got: middle(({ turnMs }) => turnMs),
      unit: ' ms',
      note: rounds.map(({ turnMs }) => figure(turnMs)).join(', '),
    },
    { name: `${name}, p99.9 over alone`, got: ofAlone, unit: '' },
    { name: `${name}, p99.9 over the same work on another server`, got: ofElsewhere, unit: '' },
    {
      name: `${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: rounds.reduce((sum, { beside }) => sum + beside.failed, 0),
      unit: '',
    },
  ]
}

function meanwhile(rounds: readonly Round[], seconds: number): Measure[] {
  const all = rounds.map(({ clients }) => clients)
  const sum = (of: (counts: LongCounts) => number) => all.reduce((total, one) => total + of(one), 0)
  const slowest = figure(Math.max(...all.map(({ slowestMs }) => slowestMs)))
  const refused = sum((counts) => counts.refused)
  const failed = sum((counts) => counts.failed)
  const note = `${refused} refused, ${failed} failed, the slowest took ${slowest} ms`
  const perSecond = (total: number) => total / (rounds.length * seconds)
  return [
    { name: 'pages searched meanwhile', got: perSecond(sum((c) => c.searched)), unit: '/s', note },
    { name: 'links created by bulk meanwhile', got: perSecond(sum((c) => c.created)), unit: '/s' },
  ]
}
