/**
 * Redirects at a fixed rate beside heavy questions about a million clicks: what the redirects notice of it.
 *
 * By turns, the rate alone and beside the questions, so that what else the machine does weighs on both.
 * As many ask at a time as keep the store busy all the while.
 */
import { fillClickLog, untilCounted } from '../click-filling.ts'
import { figure, median, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Scenario } from '../scenario.ts'
import { API_KEY, type ServerProcess } from '../server-process.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 4_000
const CLICKS = 1_000_000
const ASKING = 4
const QUESTIONS = [
  'groupBy=code,referrer&limit=100',
  'interval=hour&compare=previous&groupBy=browser,os',
  'groupBy=network,language&limit=100&bots=exclude',
  'interval=day&groupBy=hourOfDay,weekday&limit=168&filter=device:desktop',
]

interface Round {
  readonly alone: StreamResult
  readonly beside: StreamResult
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
    const run = async () => (await runOpenLoop(server.port, bench.options.seconds, [redirects]))[0]!
    const round = async (): Promise<Round> => {
      const alone = await run()
      const asking = new Asking(server)
      const beside = await run()
      return { alone, beside, asked: await asking.stop() }
    }
    await round() // Warms up.
    const rounds: Round[] = []
    for (let n = 0; n < bench.options.rounds; n++) {
      const { alone, beside, asked } = await round()
      bench.say(`  alone: ${describe(alone)}`)
      bench.say(`  beside ${asked.answered} questions: ${describe(beside)}`)
      rounds.push({ alone, beside, asked })
    }
    return measuresOf(rounds, bench.options.seconds)
  },
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
      note: `${ms(({ beside }) => beside.p999Ms)} against ${ms(({ alone }) => alone.p999Ms)}`,
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

interface Asked {
  answered: number
  failed: number
  slowestMs: number
}

/** Asks until it is stopped. */
class Asking {
  readonly #counts: Asked = { answered: 0, failed: 0, slowestMs: 0 }
  readonly #server: ServerProcess
  readonly #clients: readonly Promise<void>[]
  #isStopped = false

  constructor(server: ServerProcess) {
    this.#server = server
    this.#clients = Array.from({ length: ASKING }, (_, client) => this.#askOn(client))
  }

  /** After the questions that are under way. */
  async stop(): Promise<Asked> {
    this.#isStopped = true
    const counts = { ...this.#counts }
    await Promise.all(this.#clients)
    return counts
  }

  async #askOn(client: number): Promise<void> {
    for (let next = client; !this.#isStopped; next++) {
      const began = performance.now()
      const query = QUESTIONS[next % QUESTIONS.length]!
      const response = await fetch(`${this.#server.url}/api/stats?${query}`, {
        headers: { 'x-api-key': API_KEY },
      })
      await response.arrayBuffer()
      if (response.status === 200) this.#counts.answered++
      else this.#counts.failed++
      this.#counts.slowestMs = Math.max(this.#counts.slowestMs, performance.now() - began)
    }
  }
}
