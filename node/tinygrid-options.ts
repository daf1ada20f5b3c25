/**
 * What a node with its gateway is put together from; see `tinygrid.ts`.
 */
import type { Logger } from 'pino'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { Config } from '../config.ts'
import type { EpochMs } from '../links/ids.ts'
import type { LongWork } from '../links/long-work.ts'
import type { Log } from '../persistence/log/log.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import type { ClickSeams } from './click-recording.ts'
import type { AccessSeams } from './front.ts'
import type { NodeAnalytics } from './node-analytics.ts'
import type { BackupSeams } from './node-backup.ts'
import type { Outside } from './node-observation.ts'
import type { ClusterSeams } from './node-options.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

export interface TinygridOptions {
  readonly config: Config
  readonly log: Log
  readonly store: LinkStore
  /** The same one that log and store use. */
  readonly work: LongWork
  /** undefined: one process, which owns everything. */
  readonly cluster?: ClusterSeams
  /** For people: what the node leans on. Embedded it is the log alone. */
  readonly outside?: Outside
  /** Where clicks go; undefined: they are not counted. */
  readonly clicks?: ClickSeams | undefined
  /** Asked about clicks, and started and ended with the node; undefined: nobody knows of clicks. */
  readonly analytics?: NodeAnalytics | undefined
  readonly apiKey: string
  /** Keys that admins have made; undefined: nobody can make any. */
  readonly keys?: KeyStore | undefined
  /** What a backup takes beside links and keys; undefined: nobody can make one. */
  readonly backup?: BackupSeams | undefined
  /** undefined: nobody can block hosts, and nothing is audited. */
  readonly access?: AccessSeams | undefined
  readonly logger: Logger
  /** undefined: nothing is sent to anybody. */
  readonly telemetry?: Telemetry | undefined
  /** Stops the process in order, as a signal does. */
  readonly stop?: () => void
  readonly now?: () => EpochMs
}
