/**
 * What the write-behind takes, and what it tells of itself.
 */
import { systemClock, type Clock } from '../../links/clock.ts'
import type { DirtySource } from './dirty-source.ts'
import type { LinkStore } from '../store/link-store.ts'
import type { Log } from '../log/log.ts'

export interface WriteBehindOptions {
  readonly log: Pick<Log, 'trim' | 'addDeadLetter' | 'deadLetters' | 'removeDeadLetter'>
  readonly store: Pick<LinkStore, 'write' | 'saveCheckpoints'>
  readonly source: DirtySource
  /** Record bytes that may wait for the store, now. */
  readonly dirtyBytesMax: () => number
  /** Waiting links from which on flushes follow each other without a pause. */
  readonly flushAtLinks?: number
  /** Links in one write to the store; what the event loop is held up by at a time. */
  readonly flushLinksMax?: number
  /** Record bytes in one write to the store. */
  readonly flushBytesMax?: number
  /** How long links wait for company, in milliseconds. */
  readonly flushIntervalMs?: number
  /** Between two times that checkpoints are saved. */
  readonly checkpointIntervalMs?: number
  /** Between two times that the log is trimmed to them: some entries more cost it little. */
  readonly trimIntervalMs?: number
  readonly clock?: Clock
  /** From 0 to below 1. */
  readonly random?: () => number
  readonly onError?: (what: string, error: unknown) => void
}

export interface WriteBehindStatus {
  readonly dirtyLinks: number
  readonly dirtyBytes: number
  readonly dirtyBytesMax: number
  /** Age of the oldest write that the store does not have; 0 if it has all. */
  readonly flushLagMs: number
  readonly linksFlushed: number
  /** Links that have a dead letter. */
  readonly deadLetters: number
  /** Failed writes and checkpoints. */
  readonly storeErrors: number
  /** Failed trims and dead letters. */
  readonly logErrors: number
}

export const WRITE_BEHIND_DEFAULTS = {
  flushAtLinks: 25_000,
  flushLinksMax: 2000,
  flushBytesMax: 4 * 2 ** 20,
  flushIntervalMs: 1000,
  checkpointIntervalMs: 500,
  trimIntervalMs: 500,
  clock: systemClock,
  random: Math.random,
  onError: () => {},
}
