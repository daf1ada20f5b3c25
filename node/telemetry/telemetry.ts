/**
 * Telemetry of a node, if the standard variables of OpenTelemetry ask for it; see `docs/operating.md`.
 *
 * Used by the program, before anything else is put together. Where nothing is asked for, no module of
 * OpenTelemetry is loaded, no sink is set, and nothing is traced. Whatever fails here is told in the log, and the
 * node runs without it.
 */
import type { Logger } from 'pino'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import { traceInto } from '../../links/tracing.ts'
import { PROGRAM_VERSION } from '../program-version.ts'
import { readTelemetry } from './telemetry-settings.ts'

/** Every metric that `/metrics` tells, as values. */
export type ReadMetrics = () => Promise<readonly MetricObjectWithValues<MetricValue<string>>[]>

export interface Telemetry {
  /** From now on these are sent. */
  exportMetrics(read: ReadMetrics): void
  /** Sends what waits, for so long at most. Never throws. */
  close(timeoutMs: number): Promise<void>
}

/** A line of what exporters complain of, this often at most. */
const QUIET_MS = 60_000

/** undefined: none is asked for, or there can be none. */
export async function openTelemetry(
  env: Readonly<Record<string, string | undefined>>,
  nodeId: string,
  logger: Logger,
): Promise<Telemetry | undefined> {
  const settings = readTelemetry(env, (what) => logger.warn(what))
  if (settings === undefined) return undefined
  try {
    const { OpenTelemetry } = await import('./open-telemetry.ts')
    const identity = { nodeId, version: PROGRAM_VERSION }
    const opened = await OpenTelemetry.open(settings, identity, complainerTo(logger))
    traceInto(opened.spans)
    return opened
  } catch (error) {
    logger.error({ err: error }, 'there is no telemetry: OpenTelemetry could not be set up')
    return undefined
  }
}

function complainerTo(logger: Logger): (reason: string) => void {
  let quietUntil = 0
  return (reason) => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + QUIET_MS
    logger.warn({ reason }, 'telemetry could not be sent')
  }
}
