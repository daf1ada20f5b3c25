/**
 * What an operator watches: `GET /metrics` in Prometheus' text format.
 *
 * Numbers that change often are plain and are read when scraped (`collect`), so that counting costs
 * nothing. Metrics of the process itself (memory, CPU, event loop, garbage collection) are
 * prom-client's own; they are registered once per process, however many gateways it has.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { NodeStatus, Source } from '../cluster/protocol.ts'
import type { RedirectCounters } from './redirect-counters.ts'

type StatusNumber = {
  [K in keyof NodeStatus]: NodeStatus[K] extends number ? K : never
}[keyof NodeStatus]

type Row = readonly [name: string, key: StatusNumber, help: string]

const GAUGES: readonly Row[] = [
  ['tinygrid_partitions_owned', 'partitionsOwned', 'Partitions that this node serves'],
  ['tinygrid_partitions_complete', 'partitionsComplete', 'Partitions with every link in memory'],
  ['tinygrid_links_in_memory', 'linksInMemory', 'Links in memory'],
  ['tinygrid_memory_bytes', 'memoryBytes', 'Memory that links take'],
  ['tinygrid_memory_max_bytes', 'memoryBytesMax', 'Memory that links may take'],
  ['tinygrid_mailbox_depth', 'mailboxDepth', 'Writes that wait for their partition'],
  ['tinygrid_dirty_links', 'dirtyLinks', 'Links whose newest version the store does not have yet'],
  ['tinygrid_dirty_bytes', 'dirtyBytes', 'Bytes that wait for the store'],
  ['tinygrid_dirty_max_bytes', 'dirtyBytesMax', 'Bytes that may wait; beyond it writes answer 503'],
]

const COUNTERS: readonly Row[] = [
  ['tinygrid_evictions_total', 'evictions', 'Links put out of memory to stay within its bound'],
  ['tinygrid_read_throughs_total', 'readThroughs', 'Links read from the store on demand'],
  ['tinygrid_links_flushed_total', 'linksFlushed', 'Links written to the store'],
  ['tinygrid_dead_letters_total', 'deadLetters', 'Links that the store refused for good'],
  ['tinygrid_log_appends_total', 'logAppends', 'Batches appended to the log'],
  ['tinygrid_log_errors_total', 'logErrors', 'Appends that failed'],
  ['tinygrid_store_errors_total', 'storeErrors', 'Reads and writes of the store that failed'],
]

/** Look-ups by who answered them; what a node answers as the owner at once need not be among them. */
export type SourceCounts = Readonly<Record<Source, number>>

export interface MetricsSources {
  readonly status: () => NodeStatus
  readonly redirects: RedirectCounters
  readonly sources?: SourceCounts | undefined
}

/** Registers everything but the histogram of request times. */
export function registerMetrics(
  registry: Registry,
  { status, redirects, sources }: MetricsSources,
): void {
  for (const [name, key, help] of GAUGES) gauge(registry, name, help, () => status()[key])
  for (const [name, key, help] of COUNTERS) counter(registry, name, help, () => status()[key])
  const lagHelp = 'Age of the oldest write that the store does not have yet'
  gauge(registry, 'tinygrid_flush_lag_seconds', lagHelp, () => status().flushLagMs / 1000)
  const readyHelp = '1 when every partition can answer writes'
  gauge(registry, 'tinygrid_ready', readyHelp, () => Number(status().ready))
  labelled(registry, 'tinygrid_redirects_total', 'result', REDIRECTS_HELP, redirects)
  if (sources === undefined) return
  labelled(registry, 'tinygrid_redirect_sources_total', 'source', SOURCES_HELP, sources)
}

const REDIRECTS_HELP = 'Answers to visitors of short links, by result'
const SOURCES_HELP =
  'Look-ups by who answered; not those that this node answers as the owner in the same turn'

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  const registers = [registry]
  void new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read())
    },
  })
}

/** A counter that is kept elsewhere and read when scraped. */
function counter(registry: Registry, name: string, help: string, read: () => number): void {
  const registers = [registry]
  void new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}

/** Like `counter`, for many numbers that differ in one label. */
function labelled(
  registry: Registry,
  name: string,
  label: string,
  help: string,
  counts: Readonly<Record<string, number>> | RedirectCounters,
): void {
  void new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of Object.entries(counts)) this.inc({ [label]: value }, count)
    },
  })
}

let processRegistry: Registry | undefined

/** Everything in Prometheus' text format. */
export async function renderMetrics(registry: Registry): Promise<string> {
  if (processRegistry === undefined) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  const [ofProcess, ofGateway] = await Promise.all([processRegistry.metrics(), registry.metrics()])
  return `${ofGateway}\n${ofProcess}`
}
