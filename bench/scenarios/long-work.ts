/**
 * Redirects at a fixed rate beside many searches and bulk requests, which are long work: what the
 * redirects notice of it, against the same rate alone, on the same server.
 */
import { LongClients } from '../long-clients.ts'
import { figure, type Measure } from '../measure.ts'
import { runOpenLoop } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 4_000
const CLIENTS = { searches: 100, bulks: 100, linksPerBulk: 100 }
const WARM_UP_SECONDS = 5

export const longWork: Scenario = {
  name: 'long-work',
  about: '4,000 redirects/s beside 100 searches and 100 bulk requests at a time: latency',
  async run(bench) {
    const { port } = await bench.startLoaded()
    const links = await bench.visitedLinks()
    const redirects = async (seconds: number) => {
      const [result] = await runOpenLoop(port, seconds, [
        redirectStream(links, REDIRECTS_PER_SECOND),
      ])
      return result!
    }
    await redirects(WARM_UP_SECONDS)
    const alone = await redirects(bench.options.serviceSeconds)
    bench.say(`  alone: ${describe(alone)}`)
    const clients = new LongClients({ port, ...CLIENTS })
    const beside = await redirects(bench.options.serviceSeconds)
    bench.say(`  beside: ${describe(beside)}`)
    return [...measuresOf(beside, alone), ...(await besides(bench, clients))]
  },
}

type Result = Awaited<ReturnType<typeof runOpenLoop>>[number]

function measuresOf(beside: Result, alone: Result): Measure[] {
  const name = 'redirects, 4,000/s beside long work'
  return [
    {
      name: `${name}, p99.9`,
      goal: { atMost: 20 },
      got: beside.p999Ms,
      unit: ' ms',
      note: `${describe(beside)}; alone ${describe(alone)}`,
    },
    { name: `${name}, p99.9 over alone`, got: beside.p999Ms / alone.p999Ms, unit: '' },
    { name: `${name}, answered wrongly or not`, goal: { atMost: 0 }, got: beside.failed, unit: '' },
  ]
}

async function besides(bench: Bench, clients: LongClients): Promise<Measure[]> {
  const { searched, created, refused, failed, slowestMs } = await clients.stop()
  const seconds = bench.options.serviceSeconds
  const note = `${refused} refused, ${failed} failed, the slowest took ${figure(slowestMs)} ms`
  return [
    { name: 'pages searched meanwhile', got: searched / seconds, unit: '/s', note },
    { name: 'links created by bulk meanwhile', got: created / seconds, unit: '/s' },
  ]
}
