/**
 * One webhook at work: reads the click log from where it was, tells what its definition asks for.
 *
 * Each webhook has one, so that a receiver that hangs or fails holds up nobody else. Clicks are told at
 * most once a second, together; changes as they come.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { ClickLogReader } from '../log/click-log.ts'
import {
  eventsIn,
  messageOf,
  type HookMessage,
  type ParseClick,
  type PlacedBatch,
  type ToldEvent,
} from './hook-message.ts'
import { readPart, type LogCursor, type LogSource, type LogSpan } from './log-cursor.ts'
import type { SendResult } from './webhook-sender.ts'
import type { Webhook } from './webhook.ts'

/** Of one message, unless one batch alone has more. */
const EVENTS_PER_MESSAGE_MAX = 1_000
const CLICKS_EVERY_MS = 1_000
const REST_AFTER_ERROR_MS = 1_000

export interface DeliveryOptions {
  readonly webhook: Webhook
  readonly cursor: LogCursor
  readonly log: ClickLogReader
  readonly decode: LogSource['decode']
  readonly parse: ParseClick
  readonly clock: Clock
  /** Resolves when the message was delivered, or given up and noted. */
  readonly send: (message: HookMessage, span: LogSpan) => Promise<SendResult['kind']>
  readonly onError: (what: string, error: unknown) => void
}

/** Until the signal says so. Never rejects. */
export async function deliver(options: DeliveryOptions, signal: AbortSignal): Promise<void> {
  const { webhook, clock, log, cursor, onError } = options
  const restMs = webhook.events.includes('click') ? CLICKS_EVERY_MS : 0
  while (!signal.aborted) {
    try {
      if (!(await finishSending(options))) continue
      const began = clock.now()
      const before = await cursor.position()
      const { batches, last } = await cursor.read()
      if (last === before) {
        await log.more(before, signal)
        continue
      }
      const isDone = await tell(options, batches, signal)
      if (!isDone) continue
      await cursor.moveTo(last)
      const due = began + restMs - clock.now()
      if (due > 0) await pause(clock, due, signal)
    } catch (error) {
      onError(`webhook ${webhook.id} cannot go on`, error)
      await pause(clock, REST_AFTER_ERROR_MS, signal)
    }
  }
}

/** What was being sent when the process ended; whether there is nothing of it left. */
async function finishSending(options: DeliveryOptions): Promise<boolean> {
  const { webhook, cursor, parse, send } = options
  const span = await cursor.sending()
  if (span === undefined) return true
  const message = await messageIn(webhook, span, options, parse)
  if (message !== undefined && (await send(message, span)) === 'stopped') return false
  await cursor.moveTo(span.last)
  return true
}

/** Whether all was told; if not, the webhook is to stop. */
async function tell(
  { webhook, cursor, parse, send }: DeliveryOptions,
  batches: readonly PlacedBatch[],
  signal: AbortSignal,
): Promise<boolean> {
  for (let at = 0; at < batches.length;) {
    if (signal.aborted) return false
    const { events, next } = nextEvents(webhook, batches, at, parse)
    const first = batches[at]!.position
    const last = batches[next - 1]!.position
    if (events.length > 0) {
      await cursor.beginSending({ first, last })
      const result = await send(messageOf(webhook, first, last, events), { first, last })
      if (result === 'stopped') return false
      await cursor.moveTo(last)
    }
    at = next
  }
  return true
}

function nextEvents(
  webhook: Webhook,
  batches: readonly PlacedBatch[],
  start: number,
  parse: ParseClick,
): { events: ToldEvent[]; next: number } {
  const events: ToldEvent[] = []
  let next = start
  while (next < batches.length) {
    const more = eventsIn(webhook, batches[next]!, parse)
    if (events.length > 0 && events.length + more.length > EVENTS_PER_MESSAGE_MAX) break
    events.push(...more)
    next++
  }
  return { events, next }
}

/** The message that lay in a part of the log; undefined if the log has nothing of it any more. */
export async function messageIn(
  webhook: Webhook,
  { first, last }: LogSpan,
  source: LogSource,
  parse: ParseClick,
): Promise<HookMessage | undefined> {
  const events: ToldEvent[] = []
  for (let at = first - 1; at < last;) {
    const part = await readPart(source, at, last)
    for (const batch of part.batches) events.push(...eventsIn(webhook, batch, parse))
    if (part.last === at) break
    at = part.last
  }
  return events.length === 0 ? undefined : messageOf(webhook, first, last, events)
}
