/**
 * How long until a click is seen, at 4,000 redirects/s: told as an event, and counted in totals.
 *
 * Events are timed by their own time, that of the click, all of them. Totals are asked for again and again
 * about one link that is visited at a fixed rate: of each answer with n clicks the first n visits have
 * been seen by then, so half of the time between two answers is the measure's own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { figure, percentile, type Measure } from '../measure.ts'
import { runOpenLoop, type Stream, type StreamResult } from '../open-loop.ts'
import { getText } from '../raw-connection.ts'
import type { Scenario } from '../scenario.ts'
import { API_KEY, type ServerProcess } from '../server-process.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 4_000
const VISITS_PER_SECOND = 20
const WARM_UP_SECONDS = 5
const ASK_EVERY_MS = 25
const SEEN_MS_MAX = 30_000
const HEADERS = { 'x-api-key': API_KEY }
const GOAL = { atMost: 1_000 }

export const clickLag: Scenario = {
  name: 'click-lag',
  about: 'until a click is told as an event and counted in totals, at 4,000 redirects/s',
  async run(bench) {
    const server = await bench.startLoaded()
    const redirects = redirectStream(await bench.visitedLinks(), REDIRECTS_PER_SECOND)
    await runOpenLoop(server.port, WARM_UP_SECONDS, [redirects])
    const code = await watchedLink(server)
    const events = await EventWatch.begin(server)
    const totals = new TotalsWatch(server, code)
    const streams = [redirects, totals.visits]
    const asking = totals.ask()
    const [result] = await runOpenLoop(server.port, bench.options.serviceSeconds, streams)
    await totals.untilSeen()
    await asking
    await events.end()
    bench.say(`  ${describe(result!)}`)
    return [
      lagOf('told as an event', events.lagMs),
      lagOf('counted in totals', totals.lagMs),
      ...besides(result!, events),
    ]
  },
}

function lagOf(how: string, lagMs: readonly number[]): Measure {
  const [middle, most] = [percentile(lagMs, 50), Math.max(...lagMs)]
  return {
    name: `clicks at 4,000/s, until ${how}, p99`,
    goal: GOAL,
    got: percentile(lagMs, 99),
    unit: ' ms',
    note: `p50 ${figure(middle)}, the last ${figure(most)} ms, of ${figure(lagMs.length)}`,
  }
}

function besides(result: StreamResult, events: EventWatch): Measure[] {
  return [
    {
      name: 'clicks at 4,000/s, listeners that were cut off',
      goal: { atMost: 0 },
      got: events.wasCutOff ? 1 : 0,
      unit: '',
      note: `redirects meanwhile: ${describe(result)}`,
    },
  ]
}

async function watchedLink(server: ServerProcess): Promise<string> {
  const response = await fetch(`${server.url}/api/links`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://www.example.com/watched' }),
  })
  return ((await response.json()) as { code: string }).code
}

/** Hears every click. */
class EventWatch {
  readonly lagMs: number[] = []
  readonly #stopping: AbortController
  readonly #heard: Promise<void>
  #wasCutOff = false

  private constructor(body: AsyncIterable<Uint8Array>, stopping: AbortController) {
    this.#stopping = stopping
    this.#heard = this.#hear(body)
  }

  static async begin(server: ServerProcess): Promise<EventWatch> {
    const stopping = new AbortController()
    const response = await fetch(`${server.url}/api/events?event=click`, {
      headers: HEADERS,
      signal: stopping.signal,
    })
    if (response.body === null) throw new Error(`no events: ${response.status}`)
    return new EventWatch(response.body, stopping)
  }

  get wasCutOff(): boolean {
    return this.#wasCutOff
  }

  async end(): Promise<void> {
    this.#stopping.abort()
    await this.#heard
  }

  async #hear(body: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    try {
      for await (const bytes of body) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
        rest = lines.pop()!
        this.#noteClicks(lines)
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error
    }
    this.#wasCutOff = !this.#stopping.signal.aborted
  }

  #noteClicks(lines: readonly string[]): void {
    const now = Date.now()
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      this.lagMs.push(now - Date.parse((JSON.parse(line.slice(6)) as { at: string }).at))
    }
  }
}

/** Asks for the clicks of one link, and knows when each was sent. */
class TotalsWatch {
  readonly lagMs: number[] = []
  readonly visits: Stream
  readonly #url: string
  readonly #sentAt: number[] = []
  #isEnding = false

  constructor(server: ServerProcess, code: string) {
    this.#url = `${server.url}/api/links/${code}/stats?visitors=none`
    this.visits = {
      name: 'watched visits',
      perSecond: VISITS_PER_SECOND,
      request: () => {
        this.#sentAt.push(performance.now())
        return getText(`/${code}`)
      },
      isCorrect: ({ status }) => status === 302,
    }
  }

  /** Until all were seen, after `untilSeen` was called. */
  async ask(): Promise<void> {
    while (!this.#isEnding || this.lagMs.length < this.#sentAt.length) {
      const response = await fetch(this.#url, { headers: HEADERS })
      const { totals } = (await response.json()) as { totals?: { clicks: number } }
      const now = performance.now()
      const seen = totals?.clicks ?? 0
      for (let visit = this.lagMs.length; visit < seen; visit++) {
        this.lagMs.push(now - this.#sentAt[visit]!)
      }
      await sleep(ASK_EVERY_MS)
    }
  }

  async untilSeen(): Promise<void> {
    this.#isEnding = true
    const deadline = performance.now() + SEEN_MS_MAX
    while (this.lagMs.length < this.#sentAt.length) {
      if (performance.now() > deadline) throw new Error('not every visit was counted')
      await sleep(ASK_EVERY_MS)
    }
  }
}
