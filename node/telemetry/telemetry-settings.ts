/**
 * What OpenTelemetry's standard variables ask for: which signals are sent, in which protocol, how much of it.
 *
 * They are read from the environment alone and by their standard names, since whoever runs collectors sets
 * them for all programs alike; so what cannot be understood is warned of and passed over, and never
 * stops a start as a wrong setting of ours does. Where to send, with which headers, certificates and
 * compression (`OTEL_EXPORTER_OTLP_*`) is read by the exporters themselves.
 *
 * One thing differs from the standard: without an endpoint and an exporter nothing is sent, where the
 * standard would send to localhost.
 */

type Env = Readonly<Record<string, string | undefined>>

export type Protocol = 'http/protobuf' | 'http/json'

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio'

export interface TraceSettings {
  readonly protocol: Protocol
  readonly sampler: SamplerName
  /** From 0 to 1. */
  readonly ratio: number
  readonly scheduleDelayMs: number
  readonly exportTimeoutMs: number
  readonly queueMax: number
  readonly batchMax: number
}

export interface MetricSettings {
  readonly protocol: Protocol
  readonly intervalMs: number
  readonly timeoutMs: number
}

export interface TelemetrySettings {
  /** undefined: none are sent. */
  readonly traces: TraceSettings | undefined
  readonly metrics: MetricSettings | undefined
}

const SAMPLERS: readonly SamplerName[] = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
]
const PROTOCOLS: readonly Protocol[] = ['http/protobuf', 'http/json']
/** Beyond it spans that wait would be memory that nobody has counted. */
const QUEUE_MAX = 100_000
const MS_MAX = 3_600_000

/** undefined: nothing is to be sent. @param warn told what is passed over */
export function readTelemetry(
  env: Env,
  warn: (what: string) => void,
): TelemetrySettings | undefined {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined
  const reader = new Reader(env, warn)
  const traces = reader.isSent('TRACES') ? tracesOf(reader) : undefined
  const metrics = reader.isSent('METRICS') ? metricsOf(reader) : undefined
  return traces === undefined && metrics === undefined ? undefined : { traces, metrics }
}

function tracesOf(reader: Reader): TraceSettings | undefined {
  const protocol = reader.protocol('TRACES')
  if (protocol === undefined) return undefined
  const queueMax = reader.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, QUEUE_MAX)
  return {
    protocol,
    sampler: reader.choice('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on'),
    ratio: reader.ratio('OTEL_TRACES_SAMPLER_ARG'),
    scheduleDelayMs: reader.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, MS_MAX),
    exportTimeoutMs: reader.integer('OTEL_BSP_EXPORT_TIMEOUT', 30_000, MS_MAX),
    queueMax,
    batchMax: Math.min(queueMax, reader.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, QUEUE_MAX)),
  }
}

function metricsOf(reader: Reader): MetricSettings | undefined {
  const protocol = reader.protocol('METRICS')
  if (protocol === undefined) return undefined
  const intervalMs = reader.integer('OTEL_METRIC_EXPORT_INTERVAL', 60_000, MS_MAX)
  const timeoutMs = reader.integer('OTEL_METRIC_EXPORT_TIMEOUT', 30_000, MS_MAX)
  return { protocol, intervalMs, timeoutMs: Math.min(intervalMs, timeoutMs) }
}

class Reader {
  readonly #env: Env
  readonly #warn: (what: string) => void

  constructor(env: Env, warn: (what: string) => void) {
    this.#env = env
    this.#warn = warn
  }

  isSent(signal: 'TRACES' | 'METRICS'): boolean {
    const name = `OTEL_${signal}_EXPORTER`
    const exporter = this.#text(name)
    if (exporter === undefined) {
      const specific = this.#text(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)
      return (specific ?? this.#text('OTEL_EXPORTER_OTLP_ENDPOINT')) !== undefined
    }
    if (exporter === 'otlp') return true
    // Prometheus asks at /metrics, whatever is set here.
    if (exporter !== 'none' && exporter !== 'prometheus') this.#passOver(name, 'otlp or none')
    return false
  }

  protocol(signal: 'TRACES' | 'METRICS'): Protocol | undefined {
    const specific = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`
    const name = this.#text(specific) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : specific
    const given = this.#text(name) ?? 'http/protobuf'
    const protocol = PROTOCOLS.find((known) => known === given)
    // What listens for another protocol would understand nothing.
    if (protocol === undefined) this.#passOver(name, PROTOCOLS.join(' or '), 'nothing is sent')
    return protocol
  }

  choice<T extends string>(name: string, of: readonly T[], fallback: T): T {
    const given = this.#text(name)
    const chosen = given === undefined ? fallback : of.find((one) => one === given)
    if (chosen === undefined) this.#passOver(name, of.join(', '))
    return chosen ?? fallback
  }

  ratio(name: string): number {
    const given = this.#text(name)
    const ratio = Number(given ?? 1)
    if (ratio >= 0 && ratio <= 1) return ratio
    this.#passOver(name, 'a number from 0 to 1')
    return 1
  }

  integer(name: string, fallback: number, max: number): number {
    const given = this.#text(name)
    const value = Number(given ?? fallback)
    if (Number.isInteger(value) && value >= 1 && value <= max) return value
    this.#passOver(name, `a whole number from 1 to ${max}`)
    return fallback
  }

  /** As the standard has it, what is empty is not set. */
  #text(name: string): string | undefined {
    const text = this.#env[name]?.trim()
    return text === '' ? undefined : text
  }

  #passOver(name: string, takes: string, then = 'it is passed over'): void {
    this.#warn(`${name} takes ${takes}: ${then}`)
  }
}
