/**
 * Tells a webhook when a link has reached a number of visits.
 *
 * It counts nothing by itself for long: for the links that were clicked in a part of the log it asks the click
 * store how many visits they have, and knows by the part how many they had before. Both must be of the
 * same moment, so the part ends where the store's position is, and the position is read again behind the
 * answer. A restart counts the same part again, to the store's position of then, so that no threshold is
 * passed unseen; it may be told twice, under one id per link and threshold.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { isVisit } from '../click.ts'
import type { ClickLogReader } from '../log/click-log.ts'
import type { ClickStore } from '../store/click-store.ts'
import { thresholdEvent, type HookMessage } from './hook-message.ts'
import type { LogCursor } from './log-cursor.ts'
import type { SendResult } from './webhook-sender.ts'
import type { Webhook } from './webhook.ts'

export interface ThresholdOptions {
  readonly webhook: Webhook
  readonly cursor: LogCursor
  readonly log: Pick<ClickLogReader, 'more'>
  readonly store: Pick<ClickStore, 'position' | 'clicksOf'>
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly send: (message: HookMessage) => Promise<SendResult['kind']>
  readonly onError: (what: string, error: unknown) => void
}

/** Between two looks: the store takes this long to have what the log has. */
const LOOK_EVERY_MS = 1_000
/** Links counted before the store is asked. */
const CODES_AT_ONCE_MAX = 10_000

interface Part {
  /** Visits of each link that lie behind the cursor, up to `position`. */
  readonly visits: Map<Code, number>
  readonly position: number
}

/** Until the signal says so. Never rejects. */
export async function watchThresholds(
  options: ThresholdOptions,
  signal: AbortSignal,
): Promise<void> {
  const { webhook, clock, log, cursor, onError } = options
  while (!signal.aborted) {
    try {
      const part = await countedPart(options)
      const before = await cursor.position()
      if (part !== undefined && part.position > before) await look(options, part)
      else await log.more(before, signal)
    } catch (error) {
      onError(`webhook ${webhook.id} cannot look for thresholds`, error)
    }
    await pause(clock, LOOK_EVERY_MS, signal)
  }
}

async function look(options: ThresholdOptions, { visits, position }: Part): Promise<void> {
  const { webhook, store, cursor, now, send } = options
  const codes = [...visits.keys()]
  for (let at = 0; at < codes.length; at += CODES_AT_ONCE_MAX) {
    const some = codes.slice(at, at + CODES_AT_ONCE_MAX)
    const totals = await store.clicksOf(some)
    if ((await store.position()) !== position) return // the totals are of a later moment: look again
    for (const code of some) {
      const reached = totals.get(code) ?? 0
      const before = reached - visits.get(code)!
      for (const threshold of webhook.thresholds) {
        if (threshold <= before || threshold > reached) continue
        const id = `${webhook.id}.${code}.${threshold}`
        const events = [thresholdEvent(code, threshold, reached, now())]
        if ((await send({ id, events })) === 'stopped') return
      }
    }
  }
  await cursor.moveTo(position)
}

/** The visits between the cursor and where the store is; undefined: the log has not come there. */
async function countedPart({
  webhook,
  cursor,
  store,
}: ThresholdOptions): Promise<Part | undefined> {
  const position = await store.position()
  const codes = new Set(webhook.codes)
  const visits = new Map<Code, number>()
  for (let at = await cursor.position(); at < position;) {
    const part = await cursor.readFrom(at, position)
    if (part.last === at) return undefined
    for (const batch of part.batches) {
      for (const { code, status } of batch.clicks) {
        if (!isVisit(status) || (codes.size > 0 && !codes.has(code))) continue
        visits.set(code, (visits.get(code) ?? 0) + 1)
      }
    }
    at = part.last
  }
  return { visits, position }
}
