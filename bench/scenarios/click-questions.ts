/**
 * Redirects at a fixed rate beside heavy questions about a million clicks: what the redirects notice of it.
 *
 * By turns, the rate alone, beside the questions, and beside threads that do nothing at the priority of analytics,
 * so that what else the machine does weighs on all. As many ask at a time as keep the store busy all the while,
 * from a process of their own. What redirects wait beside idle work is the machine's part: a processor that is
 * taken is given to who wakes up at the end of a slice only.
 */
import { Asking, type Asked } from '../asking.ts'
import { BusyLoop } from '../busy-loop.ts'
import { fillClickLog, untilCounted } from '../click-filling.ts'
import { figure, median, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Scenario } from '../scenario.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 4_000
const CLICKS = 1_000_000
const ASKING = 4
/** As analytics has threads to count with, and its priority. */
const BUSY = { threads: 2, priority: 10 }
const QUESTIONS = [
  'groupBy=code,referrer&limit=100',
  'interval=hour&compare=previous&groupBy=browser,os',
  'groupBy=network,language&limit=100&bots=exclude',
  'interval=day&groupBy=hourOfDay,weekday&limit=168&filter=device:desktop',
]

interface Round {
  readonly alone: StreamResult
  readonly beside: StreamResult
  readonly besideBusy: StreamResult
  readonly asked: Asked
}

export const clickQuestions: Scenario = {
  name: 'click-questions',
  about: '4,000 redirects/s beside heavy questions about a million clicks: latency, by turns',
  async run(bench) {
    const dataDir = await bench.loadedDataDir()
    const clicks = bench.options.clicks ?? CLICKS
    bench.say(`noting ${clicks} clicks ...`)
    await fillClickLog(dataDir, clicks)
    const server = await bench.start({ dataDir })
    await untilCounted(server, clicks)
    const redirects = redirectStream(await bench.visitedLinks(), REDIRECTS_PER_SECOND)
    const questions = QUESTIONS.map((query) => `${server.url}/api/stats?${query}`)
    const run = async () => (await runOpenLoop(server.port, bench.options.seconds, [redirects]))[0]!
    const round = async (): Promise<Round> => {
      const alone = await run()
      const asking = new Asking(questions, ASKING)
      const beside = await run()
      const asked = await asking.stop()
      return { alone, beside, asked, besideBusy: await runBesideLoops(run) }
    }
    await round() // Warms up.
    const rounds: Round[] = []
    for (let n = 0; n < bench.options.rounds; n++) {
      const { alone, beside, besideBusy, asked } = await round()
      bench.say(`  alone: ${describe(alone)}`)
      bench.say(`  beside ${asked.answered} questions: ${describe(beside)}`)
      bench.say(`  beside busy threads: ${describe(besideBusy)}`)
      rounds.push({ alone, beside, besideBusy, asked })
    }
    return measuresOf(rounds, bench.options.seconds)
  },
}

async function runBesideLoops(run: () => Promise<StreamResult>): Promise<StreamResult> {
  const loops = Array.from({ length: BUSY.threads }, () => new BusyLoop(BUSY.priority))
  const result = await run()
  await Promise.all(loops.map((loop) => loop.stop()))
  return result
}

function measuresOf(rounds: readonly Round[], seconds: number): Measure[] {
  const name = 'redirects, 4,000/s beside heavy questions'
  const middle = (of: (round: Round) => number) => median(rounds.map(of))
  const ms = (of: (round: Round) => number) => figure(middle(of), ' ms')
  const sum = (of: (round: Round) => number) => rounds.reduce((total, one) => total + of(one), 0)
  return [
    {
      name: `${name}, p99.9 over alone`,
      goal: { atMost: 1.5 },
      got: middle(({ beside, alone }) => beside.p999Ms / alone.p999Ms),
      unit: '',
      note:
        `${ms(({ beside }) => beside.p999Ms)} against ${ms(({ alone }) => alone.p999Ms)}, sent ` +
        `${ms(({ beside }) => beside.generatorLateP999Ms)} and ` +
        `${ms(({ alone }) => alone.generatorLateP999Ms)} late`,
    },
    {
      name: 'the same beside threads that do nothing, p99.9 over alone',
      got: middle(({ besideBusy, alone }) => besideBusy.p999Ms / alone.p999Ms),
      unit: '',
      note: ms(({ besideBusy }) => besideBusy.p999Ms),
    },
    {
      name: `${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: sum(({ beside }) => beside.failed),
      unit: '',
    },
    {
      name: 'questions answered meanwhile',
      got: sum(({ asked }) => asked.answered) / (rounds.length * seconds),
      unit: '/s',
      note:
        `${sum(({ asked }) => asked.failed)} were not; the slowest took ` +
        figure(Math.max(...rounds.map(({ asked }) => asked.slowestMs)), ' ms'),
    },
  ]
}
