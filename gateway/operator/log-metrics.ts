/**
 * The log as a whole, in `GET /metrics`: how full it is, and how many copies of it are up to date.
 *
 * In a cluster every node tells the same of the one log: take the greatest, not the sum. NaN where the log
 * has not told.
 */
import type { Registry } from 'prom-client'
import { gauge } from './metrics.ts'

/** null: the log does not tell. */
export interface LogNumbers {
  readonly bytes: number | null
  /** Beyond it writes answer 503. */
  readonly bytesMax: number | null
  readonly durability: {
    readonly replicas: number | null
    readonly replicasCurrent: number | null
  }
  /** What it is spread over: writes to a stream answer 503 once that one is full. */
  readonly streams: readonly { readonly bytes: number; readonly bytesMax: number }[]
}

type Row = readonly [name: string, help: string, of: (numbers: LogNumbers) => number | null]

const GAUGES: readonly Row[] = [
  ['tinygrid_log_bytes', 'Bytes that the log holds', ({ bytes }) => bytes],
  ['tinygrid_log_max_bytes', 'Bytes that the log may hold', ({ bytesMax }) => bytesMax],
  ['tinygrid_log_fullness_ratio', 'How full the log is, or the fullest of its streams', fullness],
  ['tinygrid_log_replicas', 'Copies of the log', ({ durability }) => durability.replicas],
  [
    'tinygrid_log_replicas_current',
    'Copies of the log that have all of it',
    ({ durability }) => durability.replicasCurrent,
  ],
]

function fullness({ bytes, bytesMax, streams }: LogNumbers): number | null {
  if (streams.length > 0)
    return Math.max(...streams.map((stream) => stream.bytes / stream.bytesMax))
  return bytes === null || bytesMax === null ? null : bytes / bytesMax
}

export function registerLogMetrics(registry: Registry, read: () => Promise<LogNumbers>): void {
  for (const [name, help, of] of GAUGES) {
    gauge(registry, name, help, async () => of(await read()) ?? NaN)
  }
}
