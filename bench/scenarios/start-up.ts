/**
 * Start-up after SIGKILL with all links: how long until the first redirect, until writes are taken
 * and until everything is in memory, with redirects asked for all the while.
 *
 * The kill comes amid bulk creation, so that the log holds writes which the store does not have.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BulkLoad } from '../bulk-load.ts'
import type { VisitedLink } from '../link-set.ts'
import { figure, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import { getText, RawConnection, type Reply } from '../raw-connection.ts'
import type { Scenario } from '../scenario.ts'
import { untilReady, type ServerProcess } from '../server-process.ts'
import { untilComplete } from '../server-metrics.ts'
import { redirectStream } from '../streams.ts'

const REDIRECTS_PER_SECOND = 1000
const VISIT_SECONDS = 6
const GIVE_UP_MS = 120_000

export const startUp: Scenario = {
  name: 'start-up',
  about: 'start after SIGKILL with all links: first redirect, ready, all in memory',
  async run(bench) {
    const dataDir = await bench.loadedDataDir()
    const links = await bench.visitedLinks()
    const killed = await bench.start({ dataDir })
    const creating = new BulkLoad(killed).run(1)
    await sleep(700)
    await killed.kill()
    await creating
    const startedAt = performance.now()
    const server = bench.keep(await bench.spawn({ dataDir, port: killed.port }))
    const since = () => performance.now() - startedAt
    const ready = untilReady(server).then(since)
    const complete = ready.then(() => untilComplete(server)).then(since)
    // Awaited below; if the visits fail first, theirs is the error that counts.
    complete.catch(() => {})
    await firstRedirect(server, links)
    const firstMs = since()
    const visits = await runOpenLoop(server.port, VISIT_SECONDS, [
      redirectStream(links, REDIRECTS_PER_SECOND),
    ])
    return measuresOf({ firstMs, readyMs: await ready, completeMs: await complete }, visits[0]!)
  },
}

interface Times {
  readonly firstMs: number
  readonly readyMs: number
  readonly completeMs: number
}

function measuresOf({ firstMs, readyMs, completeMs }: Times, visits: StreamResult): Measure[] {
  return [
    {
      name: 'start after SIGKILL, first redirect',
      goal: { atMost: 1 },
      got: firstMs / 1000,
      unit: ' s',
    },
    {
      name: 'start after SIGKILL, ready',
      goal: { atMost: 5 },
      got: readyMs / 1000,
      unit: ' s',
      note: `all links in memory after ${figure(completeMs / 1000)} s`,
    },
    {
      name: 'redirects during the start, answered wrongly or not',
      goal: { atMost: 0 },
      got: visits.failed,
      unit: '',
      note: `of ${visits.requests} at ${REDIRECTS_PER_SECOND}/s, p99.9 ${figure(visits.p999Ms)} ms`,
    },
  ]
}

async function firstRedirect(server: ServerProcess, links: readonly VisitedLink[]): Promise<void> {
  const connection = new RawConnection(server.port)
  const deadline = performance.now() + GIVE_UP_MS
  let reply: Reply | undefined
  while (reply?.status !== 302) {
    if (performance.now() > deadline || server.hasEnded) throw new Error('no redirect came')
    const { code } = links[Math.floor(Math.random() * links.length)]!
    reply = await new Promise<Reply | undefined>((resolve) => {
      connection.send(getText(`/${code}`), resolve)
    })
    if (reply?.status !== 302) await sleep(5)
  }
  connection.close()
}
