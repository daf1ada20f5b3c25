/**
 * What a node and its analytics process say to each other.
 *
 * Sent by Node's own channel between parent and child, whose serialisation knows maps and bytes. The
 * settings go this way too: secrets are neither on a command line nor in the environment.
 */
import type { ErrorCode } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import type { ToldSpan } from './told-spans.ts'
import type { HookSettings } from './analytics-hooks.ts'
import type { CallName, CallParams, CallValue } from './analytics-calls.ts'

export type StoreSettings =
  | { readonly kind: 'duckdb'; readonly directory: string }
  /** The directory is that of this node's process; the clicks are in the database. */
  | {
      readonly kind: 'clickhouse'
      readonly directory: string
      readonly url: string
      readonly namespace: string
      readonly tls: TlsFiles
    }

/** Where the click log is: in the data directory, or in the cluster's NATS. */
export type ClickLogSettings =
  | { readonly kind: 'lmdb'; readonly directory: string }
  | {
      readonly kind: 'jetstream'
      readonly url: string
      readonly tls: TlsFiles
      readonly namespace: string
      /** What the servers list the connection as. */
      readonly name: string
    }

export interface AnalyticsSettings {
  readonly log: ClickLogSettings
  readonly store: StoreSettings
  readonly retentionDays: number
  readonly hooks: HookSettings
  /** Whether the store keeps the addresses that the log has. */
  readonly keepsAddress: boolean
  /** Whether the node wants to hear of spans. */
  readonly isTraced?: boolean
  /** MaxMind files; undefined: those that come with the program. */
  readonly geoipFile: string | undefined
  readonly geoipAsnFile: string | undefined
}

/** What the process tells of itself once a second, and with it that it lives. */
export interface AnalyticsNumbers {
  /** Whether questions are answered. */
  readonly isReady: boolean
  /** Whether webhooks and reports run here, and not in another node's process. */
  readonly leadsHooks: boolean
  /** Since the process started. */
  readonly stored: number
  readonly lost: number
  readonly undecodable: number
  /** null: not known yet. */
  readonly position: number | null
  /** Batches in the log that are not in the store. */
  readonly lag: number
  /** Of the store, as it was up to SIZE_EVERY_MS ago; null: not known. */
  readonly bytes: number | null
}

export type ToAnalytics =
  | {
      readonly type: 'start'
      readonly settings: AnalyticsSettings
      /** Position up to which an earlier process has told its numbers. */
      readonly countedTo: number | undefined
    }
  | {
      readonly type: 'call'
      readonly id: number
      readonly name: CallName
      readonly params: CallParams
    }
  /** Nobody waits for the value of this call any more. */
  | { readonly type: 'cancel'; readonly id: number }
  /** The answer to `tags`; undefined: there is none now. */
  | {
      readonly type: 'codes'
      readonly id: number
      readonly codes: ReadonlyMap<string, readonly Code[]> | undefined
    }
  /** Store what the log has, then end. */
  | { readonly type: 'drain' }

export type FromAnalytics =
  | { readonly type: 'numbers'; readonly numbers: AnalyticsNumbers }
  | { readonly type: 'span'; readonly span: ToldSpan }
  | { readonly type: 'value'; readonly id: number; readonly value: CallValue }
  | {
      readonly type: 'error'
      readonly id: number
      readonly code: ErrorCode
      readonly message: string
      readonly field: string | undefined
    }
  /** Which codes have these tags? */
  | { readonly type: 'tags'; readonly id: number; readonly tags: readonly string[] | 'all' }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly what: string
      readonly detail: string
    }

/** Between two words of the process about itself. */
export const NUMBERS_EVERY_MS = 1_000
export const SIZE_EVERY_MS = 30_000
