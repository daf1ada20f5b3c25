/**
 * The metrics of `/metrics` as OpenTelemetry sends them: read when they are sent, and counted nowhere else.
 *
 * A producer of the SDK, as its bridges from other libraries are. Names and labels are those of `/metrics`,
 * so that both can be asked alike. Values that are not known (NaN) are left out. Rejected: instruments of
 * OpenTelemetry that observe the registry, which know no histograms.
 */
import type { Attributes, HrTime } from '@opentelemetry/api'
import { ValueType } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type DataPoint,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { ReadMetrics } from './telemetry.ts'

type Metric = MetricObjectWithValues<MetricValue<string>>
type Value = MetricValue<string> & { readonly metricName?: string }

interface Span {
  readonly startTime: HrTime
  readonly endTime: HrTime
}

export class RegistryMetrics implements MetricProducer {
  readonly #read: ReadMetrics
  readonly #scope: { readonly name: string; readonly version: string }
  readonly #resource: Resource
  readonly #startTime = toHrTime(performance.timeOrigin)

  constructor(read: ReadMetrics, scope: { name: string; version: string }, resource: Resource) {
    this.#read = read
    this.#scope = scope
    this.#resource = resource
  }

  async collect(): Promise<CollectionResult> {
    const metrics = await this.#read()
    const span = { startTime: this.#startTime, endTime: toHrTime(Date.now()) }
    const data = metrics.flatMap((metric) => toData(metric, span))
    const scopeMetrics = [{ scope: this.#scope, metrics: data }]
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] }
  }
}

/** At most one. */
function toData(metric: Metric, span: Span): MetricData[] {
  const { name, help } = metric
  // In the program that asks them the types are words, whatever prom-client's own types say.
  const type = String(metric.type)
  const descriptor = { name, description: help, unit: '', valueType: ValueType.DOUBLE }
  const shared = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE }
  if (type === 'histogram') {
    const dataPoints = histogramPoints(metric, span)
    return [{ ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints }]
  }
  const dataPoints = metric.values
    .filter(({ value }) => Number.isFinite(value))
    .map(({ value, labels }) => pointOf(span, labels as Attributes, value))
  if (dataPoints.length === 0) return []
  return type === 'counter'
    ? [{ ...shared, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: true }]
    : [{ ...shared, dataPointType: DataPointType.GAUGE, dataPoints }]
}

interface Counted {
  readonly attributes: Attributes
  /** Up to each boundary, all smaller ones too. */
  readonly upTo: Map<number, number>
  sum: number
  count: number
}

/** prom-client tells a histogram as many values: of each bucket, the sum and the count, by labels. */
function histogramPoints({ name, values }: Metric, span: Span): DataPoint<Histogram>[] {
  const all = new Map<string, Counted>()
  for (const { labels, value, metricName } of values as Value[]) {
    const { le, ...attributes } = labels as Record<string, string | number>
    const key = JSON.stringify(attributes)
    const counted = all.get(key) ?? { attributes, upTo: new Map(), sum: 0, count: 0 }
    all.set(key, counted)
    if (metricName === `${name}_sum`) counted.sum = value
    else if (metricName === `${name}_count`) counted.count = value
    else if (Number.isFinite(Number(le))) counted.upTo.set(Number(le), value)
  }
  return Array.from(all.values(), ({ attributes, upTo, sum, count }) => {
    const boundaries = [...upTo.keys()].toSorted((a, b) => a - b)
    const below = boundaries.map((boundary) => upTo.get(boundary)!)
    const counts = [...below, count].map((here, index) => here - (below[index - 1] ?? 0))
    return pointOf(span, attributes, { buckets: { boundaries, counts }, sum, count })
  })
}

function pointOf<T>({ startTime, endTime }: Span, attributes: Attributes, value: T): DataPoint<T> {
  return { startTime, endTime, attributes, value }
}

function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
