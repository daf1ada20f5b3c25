/**
 * A batch of the click log: what one process noted in a tenth of a second.
 *
 * As bytes: `batch-codec.ts`. Written by the recorder (`ring/`), read by analytics, by live events and by anyone. It holds no
 * address that TINYGRID_IP_PRIVACY does not let be kept, and of the request's headers only those that
 * `KEPT_HEADERS` names: whoever reads the log learns no cookie, key or forwarded address.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import type { ClickDeletion } from './click-deletion.ts'

/** Headers that a record keeps, in lower case. */
export const KEPT_HEADERS = [
  'user-agent',
  'referer',
  'accept-language',
  'sec-purpose',
  'purpose',
  'x-purpose',
  'x-moz',
  'dnt',
  'sec-gpc',
] as const

/** A visit as it was noted: nothing of it is parsed. */
export interface ClickRecord {
  readonly code: Code
  readonly at: EpochMs
  readonly status: number
  /** As it may be kept: whole, without its last part, or empty. Shortened also where the store keeps none. */
  readonly address: string
  /** Salted hash of the day: 16 hexadecimal digits; empty if the visitor asked not to be counted as one. */
  readonly visitor: string
  /** The kept headers as they came: `Name: value`, one a line (LF). */
  readonly headers: string
  /** The query of the short URL, without `?`; then that of the target if it has `utm_`. */
  readonly query: string
  readonly targetQuery: string
  /** Which redirect rule of the link decided where the visitor went, from 1; 0: none. */
  readonly rule: number
}

export const CHANGE_KINDS = ['created', 'changed', 'deleted'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** A change of a link, noted by its owner once it was durable. */
export interface LinkChange {
  readonly kind: ChangeKind
  readonly code: Code
  readonly at: EpochMs
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
}

export interface ClickBatch {
  readonly node: string
  /** Names the process from its start to its end. */
  readonly run: string
  /** Rises by one with each batch of a run, from 0. With node and run the batch's name. */
  readonly number: number
  /** Clicks and changes in all earlier batches of the run: a gap in the log can be counted. */
  readonly before: number
  readonly clicks: readonly ClickRecord[]
  readonly changes: readonly LinkChange[]
  /** Then it holds nothing else. */
  readonly deletion?: ClickDeletion
}

/** The name under which a log stores a batch once, however often it is appended. */
export function batchId({
  node,
  run,
  number,
}: Pick<ClickBatch, 'node' | 'run' | 'number'>): string {
  return `${node}:${run}:${number}`
}
