/**
 * What a measurement needs to know from a server's `/metrics`, and waiting for it to settle.
 *
 * Asked seldom: rendering all metrics takes the server some milliseconds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { API_KEY, type ServerProcess } from './server-process.ts'

interface ServerMetrics {
  readonly dirtyLinks: number
  readonly linksInMemory: number
  readonly linkMemoryBytes: number
  readonly partitionsOwned: number
  /** Those whose every link is in memory. */
  readonly partitionsComplete: number
  /** Those that know every code. */
  readonly partitionsKnown: number
  readonly readThroughs: number
  readonly evictions: number
}

export async function readMetrics(server: ServerProcess): Promise<ServerMetrics> {
  const response = await fetch(`${server.url}/metrics`, { headers: { 'x-api-key': API_KEY } })
  const text = await response.text()
  return {
    dirtyLinks: gauge(text, 'tinygrid_dirty_links'),
    linksInMemory: gauge(text, 'tinygrid_links_in_memory'),
    linkMemoryBytes: gauge(text, 'tinygrid_memory_bytes'),
    partitionsOwned: gauge(text, 'tinygrid_partitions_owned'),
    partitionsComplete: gauge(text, 'tinygrid_partitions_complete'),
    partitionsKnown: gauge(text, 'tinygrid_partitions_known'),
    readThroughs: gauge(text, 'tinygrid_read_throughs_total'),
    evictions: gauge(text, 'tinygrid_evictions_total'),
  }
}

const ASK_EVERY_MS = 250
const SETTLE_TIMEOUT_MS = 120_000

/** Until the store has every write. */
export function untilFlushed(server: ServerProcess, timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
  return until(server, ({ dirtyLinks }) => dirtyLinks === 0, timeoutMs)
}

/** Until every link is in memory. */
export function untilComplete(server: ServerProcess): Promise<void> {
  return until(
    server,
    ({ partitionsComplete, partitionsOwned }) => partitionsComplete === partitionsOwned,
  )
}

/** Until every code is known, if not every link. */
export function untilKnown(server: ServerProcess, timeoutMs: number): Promise<void> {
  return until(
    server,
    ({ partitionsKnown, partitionsOwned }) => partitionsKnown === partitionsOwned,
    timeoutMs,
  )
}

async function until(
  server: ServerProcess,
  isSettled: (metrics: ServerMetrics) => boolean,
  timeoutMs = SETTLE_TIMEOUT_MS,
) {
  const deadline = performance.now() + timeoutMs
  while (!isSettled(await readMetrics(server))) {
    if (performance.now() > deadline) throw new Error('the server does not settle')
    await sleep(ASK_EVERY_MS)
  }
}

/** The value of a gauge or counter without labels. */
function gauge(text: string, name: string): number {
  const value = new RegExp(`^${name}(?:\\{\\})? (\\S+)`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`/metrics has no ${name}`)
  return Number(value)
}
