/**
 * What an operator watches: `GET /metrics` in Prometheus' text format.
 *
 * Numbers that change often are plain and are read when scraped (`collect`), so that counting costs
 * nothing. Metrics of the process itself are in `process-metrics.ts`.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { NodeStatus } from '../../links/link-owner.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { ErrorReplies } from '../http/error-reply.ts'
import type { RedirectCounters } from '../pages/redirect-counters.ts'
import type { RouterCounters } from '../../routing/router-counters.ts'

type StatusNumber = {
  [K in keyof NodeStatus]: NodeStatus[K] extends number ? K : never
}[keyof NodeStatus]

type Row = readonly [name: string, key: StatusNumber, help: string]

const GAUGES: readonly Row[] = [
  ['tinygrid_partitions_owned', 'partitionsOwned', 'Partitions that this node serves'],
  ['tinygrid_partitions_complete', 'partitionsComplete', 'Partitions with every link in memory'],
  [
    'tinygrid_partitions_known',
    'partitionsKnown',
    'Partitions that know every code: unknown ones are answered without the store',
  ],
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
  ['tinygrid_decision_errors_total', 'decisionErrors', 'Writes that failed in being decided'],
]

type RouterNumber = Exclude<keyof RouterCounters, 'answers' | 'heldNow'>

const ROUTER_COUNTERS: readonly (readonly [name: string, key: RouterNumber, help: string])[] = [
  ['tinygrid_peer_calls_total', 'calls', 'Calls to other nodes, each with many requests'],
  ['tinygrid_lookups_held_total', 'lookupsHeld', 'Look-ups that waited for their owner'],
  ['tinygrid_reads_held_total', 'readsHeld', 'Reads of the API that waited for their owner'],
  ['tinygrid_writes_held_total', 'writesHeld', 'Writes that waited for their owner'],
  ['tinygrid_requests_retried_total', 'retries', 'Attempts after the first to reach an owner'],
  [
    'tinygrid_requests_given_up_total',
    'givenUp',
    'Requests that waited in vain; answered with 503',
  ],
  ['tinygrid_fallback_errors_total', 'fallbackErrors', 'Reads of the fallback that failed'],
]

export interface MetricsSources {
  readonly status: () => NodeStatus
  readonly redirects: RedirectCounters
  /** Errors of the server that clients were told, by code. */
  readonly errors: ErrorReplies['counts']
  readonly work: Pick<LongWork, 'numbers'>
  /** In a cluster: how owners on other nodes were reached. */
  readonly router?: RouterCounters | undefined
}

/** Registers everything but the histogram of request times. */
export function registerMetrics(
  registry: Registry,
  { status, redirects, errors, work, router }: MetricsSources,
): void {
  for (const [name, key, help] of GAUGES) gauge(registry, name, help, () => status()[key])
  for (const [name, key, help] of COUNTERS) counter(registry, name, help, () => status()[key])
  const lagHelp = 'Age of the oldest write that the store does not have yet'
  gauge(registry, 'tinygrid_flush_lag_seconds', lagHelp, () => status().flushLagMs / 1000)
  const readyHelp = '1 from when every partition was open for the first time'
  gauge(registry, 'tinygrid_ready', readyHelp, () => Number(status().ready))
  labelled(registry, 'tinygrid_redirects_total', 'result', REDIRECTS_HELP, () => redirects)
  labelled(registry, 'tinygrid_request_errors_total', 'code', ERRORS_HELP, () => errors)
  registerInfo(registry, status)
  registerLongWork(registry, work)
  if (router !== undefined) registerRouting(registry, router)
}

/** A gauge that is always 1: what it tells is its label. */
function registerInfo(registry: Registry, status: () => NodeStatus): void {
  void new Gauge({
    name: 'tinygrid_node_info',
    help: 'The name of this node',
    labelNames: ['node'],
    registers: [registry],
    collect() {
      this.set({ node: status().nodeId }, 1)
    },
  })
}

function registerLongWork(registry: Registry, work: MetricsSources['work']): void {
  const requestsHelp = 'Searches, lists and bulk requests that are being answered'
  gauge(registry, 'tinygrid_long_requests', requestsHelp, () => work.numbers().requests)
  const refusedHelp = 'Searches, lists and bulk requests refused because too many were waiting'
  counter(registry, 'tinygrid_long_requests_refused_total', refusedHelp, () => {
    return work.numbers().refused
  })
  const takenHelp = 'Time of the event loop that long work took'
  counter(registry, 'tinygrid_long_work_seconds_total', takenHelp, () => {
    return work.numbers().takenMs / 1000
  })
}

function registerRouting(registry: Registry, router: RouterCounters): void {
  labelled(
    registry,
    'tinygrid_redirect_sources_total',
    'source',
    SOURCES_HELP,
    () => router.answers,
  )
  for (const [name, key, help] of ROUTER_COUNTERS) counter(registry, name, help, () => router[key])
  const heldHelp = 'Requests that wait for their owner now'
  gauge(registry, 'tinygrid_requests_held', heldHelp, () => router.heldNow)
}

const REDIRECTS_HELP = 'Answers to visitors of short links, by result'
const ERRORS_HELP =
  'Errors of the server that clients were told, by code; each link of a bulk request counts'
const SOURCES_HELP =
  'Look-ups by who answered; not those that this node answers as the owner in the same turn'

export function gauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  const registers = [registry]
  void new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read())
    },
  })
}

/** A counter that is kept elsewhere and read when scraped. */
export function counter(registry: Registry, name: string, help: string, read: () => number): void {
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
export function labelled(
  registry: Registry,
  name: string,
  label: string,
  help: string,
  read: () => Readonly<Record<string, number>> | RedirectCounters | ErrorReplies['counts'],
): void {
  void new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count)
    },
  })
}
