/**
 * What a webhook is told of some batches of the click log: pure.
 *
 * A message has an id that follows from the webhook and from where in the log its events lie, so that one
 * that is sent again, after a failure or a restart, can be known by its receiver. So has each event.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import { isVisit, type Click } from '../click.ts'
import type { ClickBatch, ClickRecord, LinkChange } from '../log/click-batch.ts'
import type { HookEvent, ToldType, Webhook } from './webhook.ts'

export type ToldEvent = { readonly type: ToldType; readonly at: string } & Readonly<
  Record<string, unknown>
>

export interface PlacedBatch extends ClickBatch {
  readonly position: number
}

export interface HookMessage {
  readonly id: string
  readonly events: readonly ToldEvent[]
}

export type ParseClick = (record: ClickRecord, node: string) => Click

/** What happened in a batch that the webhook wants to know; thresholds are told elsewhere. */
export function eventsIn(webhook: Webhook, batch: PlacedBatch, parse: ParseClick): ToldEvent[] {
  const wanted = new Set<HookEvent>(webhook.events)
  const codes = new Set<Code>(webhook.codes)
  const concerns = (code: Code) => codes.size === 0 || codes.has(code)
  const events: ToldEvent[] = []
  for (const [index, change] of batch.changes.entries()) {
    const type = `link.${change.kind}` as const
    if (!wanted.has(type) || !concerns(change.code) || !hasTag(webhook, change)) continue
    events.push(changeEvent(type, `${batch.position}-${batch.clicks.length + index}`, change))
  }
  if (!wanted.has('click')) return events
  for (const [index, record] of batch.clicks.entries()) {
    if (!isVisit(record.status) || !concerns(record.code)) continue
    events.push(clickEvent(`${batch.position}-${index}`, parse(record, batch.node)))
  }
  return events
}

export function thresholdEvent(
  code: Code,
  threshold: number,
  visits: number,
  at: EpochMs,
): ToldEvent {
  return { type: 'threshold', at: timeText(at), code, threshold, visits }
}

/** @param first the position of the first batch that the events are of, `last` that of the last */
export function messageOf(
  webhook: Webhook,
  first: number,
  last: number,
  events: readonly ToldEvent[],
): HookMessage {
  return { id: `${webhook.id}.${first}-${last}`, events }
}

export function bodyOf(webhook: Webhook, { id, events }: HookMessage): string {
  return JSON.stringify({ id, webhook: webhook.id, events })
}

function hasTag({ tags }: Webhook, change: LinkChange): boolean {
  return tags.length === 0 || change.tags.some((tag) => tags.includes(tag))
}

function changeEvent(
  type: ToldEvent['type'],
  id: string,
  { code, at, url, title, tags }: LinkChange,
): ToldEvent {
  return { type, id, at: timeText(at), code, url, title, tags }
}

/** Without the visitor and the address: who they are is nobody's business but the log's. */
function clickEvent(id: string, click: Click): ToldEvent {
  const { at, visitor: _visitor, address: _address, asn: _asn, ...told } = click
  return { type: 'click', id, ...told, at: timeText(at) }
}

function timeText(at: EpochMs): string {
  return new Date(at).toISOString()
}
