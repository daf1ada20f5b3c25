/**
 * The click store: every click that was logged, once, and what can be asked of them.
 *
 * Written by analytics alone, asked through it. What `append` is given lies in the store together with
 * the position up to which the log was read, or not at all: so each click counts exactly once, whatever
 * is killed. Every method rejects with TinygridError click_store_unavailable while the store cannot do
 * its work; then nothing is known of the effect, and repeating is safe.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
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

  ask(question: Question): Promise<Answer>

  /**
   * Clicks one by one in the order of `VisitsQuestion`, in chunks of at most VISITS_CHUNK_MAX; with memory for
   * one chunk at a time. What is read is ended by breaking off the iteration.
   */
  visits(question: VisitsQuestion): AsyncIterable<readonly Visit[]>

  /** The same as Parquet: the bytes of one file, in chunks. */
  visitsParquet(question: VisitsQuestion): AsyncIterable<Uint8Array>

  /** Clicks that led to the link, of all times; codes without any are left out. */
  clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>>

  /** Codes by clicks of all times, most first, equal ones by code. */
  mostClicked(offset: number, limit: number): Promise<readonly { code: Code; clicks: number }[]>

  /** Removes all clicks of a link, with what was rolled up of them. Gives how many there were. */
  deleteOfLink(code: Code): Promise<number>

  /** Removes the single clicks with this kept address, as it stands in `Click.address`. Gives how many. */
  deleteOfAddress(address: string): Promise<number>

  /** Rolls up by the hour and removes single clicks before a time; `ask` goes on counting them by the hour. */
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
