/**
 * Metrics of the process itself, in `GET /metrics`: memory, CPU, event loop, garbage collection.
 *
 * prom-client's own, and how long the event loop was at work. They are registered once per process,
 * however many gateways it has.
 */
import { performance } from 'node:perf_hooks'
import {
  collectDefaultMetrics,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client'
import { counter } from './metrics.ts'

/**
 * What nodes are to be added by: all requests share one event loop, so a node is full when it is at work
 * all the time. A counter, because its rate is right over any span and for any number of scrapers; a gauge
 * would tell of the time since somebody else looked.
 */
const ACTIVE = 'tinygrid_event_loop_active_seconds_total'
const ACTIVE_HELP =
  'Time that the event loop did not wait for events; its rate is 1 when it is full'

/**
 * Gauges that end as counters do, against the rules for names. What they tell is the sum of those without the
 * ending, by type; so they are left out, not given another name.
 */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

let processRegistry: Registry | undefined

/** Everything in Prometheus' text format. */
export async function renderMetrics(registry: Registry): Promise<string> {
  const [ofGateway, ofProcess] = await Promise.all(
    [registry, registryOfThisProcess()].map((each) => each.metrics()),
  )
  return `${ofGateway}\n${ofProcess}`
}

/** Everything as values. */
export async function readMetrics(
  registry: Registry,
): Promise<MetricObjectWithValues<MetricValue<string>>[]> {
  const both = [registry, registryOfThisProcess()].map((each) => each.getMetricsAsJSON())
  return (await Promise.all(both)).flat()
}

function registryOfThisProcess(): Registry {
  return (processRegistry ??= registryOfProcess())
}

function registryOfProcess(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  counter(registry, ACTIVE, ACTIVE_HELP, () => performance.eventLoopUtilization().active / 1000)
  return registry
}
