/**
 * The click store: every click that was logged, once, and what can be asked of them.
 *
 * Written by analytics alone, asked through it. What `append` is given lies in the store together with
 * the position up to which the log was read, or not at all: so each click counts exactly once, whatever
 * is killed. Every method rejects with TinygridError click_store_unavailable while the store cannot do
 * its work; then nothing is known of the effect, and repeating is safe. A signal that is aborted breaks off what is
 * read, in the database too, and the call rejects with that same code.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Click, PlacedClick } from '../click.ts'
import type { ClickDeletion } from '../log/click-deletion.ts'
import type { Answer, Question, Visit, VisitsQuestion } from './question.ts'

export interface ClickStore {
  /** The position up to which everything of the click log is here; 0: nothing. */
  position(): Promise<number>

  /**
   * Adds clicks and moves the position, in one transaction. Does nothing if the position is there
   * already, so that it may be repeated.
   *
   * @param clicks rising by (position, index), all behind the stored position, up to `position`
   */
  append(clicks: readonly PlacedClick[], position: number): Promise<void>

  ask(question: Question, signal?: AbortSignal): Promise<Answer>

  /**
   * Clicks one by one in the order of `VisitsQuestion`, in chunks of at most VISITS_CHUNK_MAX; with memory for
   * one chunk at a time. What is read is ended by breaking off the iteration.
   */
  visits(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<readonly Visit[]>

  /** The same as rows of CSV (`csvLine`), without the row of names: bytes, in chunks that end with a row. */
  visitsCsv(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<Uint8Array>

  /**
   * The same as Parquet: the bytes of one file, in chunks. Its columns are called as the fields of a click;
   * `at` is a time, numbers are numbers, the rest is text.
   */
  visitsParquet(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<Uint8Array>

  /** Clicks that led to the link (no orphans), of all times; codes without any are left out. */
  clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>>

  /**
   * All that is in the store, with its position, as the bytes of a file of DuckDB, from which a store of either kind
   * can be made; an empty chunk now and then says that they are being prepared.
   */
  copy(signal?: AbortSignal): AsyncIterable<Uint8Array>

  /** Codes by clicks of all times, most first, equal ones by code. */
  mostClicked(offset: number, limit: number): Promise<readonly { code: Code; clicks: number }[]>

  /**
   * Removes the clicks that a deletion means, and moves the position to its own, in one transaction: all of a
   * link, with what was rolled up of them, or the single ones with an address. Does nothing if the position is there
   * already, so that it may be repeated. Gives how many there were.
   *
   * @param position behind that of every click that is here
   */
  delete(deletion: Pick<ClickDeletion, 'kind' | 'value'>, position: number): Promise<number>

  /**
   * Rolls up by the hour the single clicks before the UTC day in which `from` lies, and removes them.
   * `visits` and `facts` no longer know them. For `ask` they count on as if each had come at the beginning of
   * its hour (UTC), and nothing were known of it but the fields of ROLLED_UP_FIELDS. So totals, series and
   * groups of these fields stay right where from, to and buckets are whole hours; elsewhere they are off by
   * what the cut hours hold. Visitors of a rolled up day count once for each link, at their first click of it:
   * right for one link and whole UTC days; a visitor of several links counts for each, and one of
   * several hours or groups only in the first. A click of a day that was rolled up already, appended
   * later, may count its visitor again.
   */
  retain(from: EpochMs): Promise<void>

  facts(): Promise<ClickStoreFacts>

  close(): Promise<void>
}

export interface ClickStoreFacts {
  /** Single clicks held. */
  readonly clicks: number
  readonly bytes: number
}

export const VISITS_CHUNK_MAX = 8_192

/** What is kept of a click beside its hour when it is rolled up. */
export const ROLLED_UP_FIELDS = [
  'code',
  'kind',
  'status',
  'country',
  'browser',
  'os',
  'device',
  'referrerHost',
  'utmSource',
  'utmMedium',
  'utmCampaign',
] as const satisfies readonly (keyof Click)[]
