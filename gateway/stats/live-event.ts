/**
 * What happened, as it is told live: clicks and changes of links, as text of server-sent events.
 *
 * Used by the live feed; pure. An event's id is the place of its batch in the click log and its place in
 * the batch, clicks first: a click has the same name as in a list of visits. The text is made once for
 * all who listen.
 */
import type { Click } from '../../clicks/click.ts'
import { decodeBatch } from '../../clicks/log/batch-codec.ts'
import type { ClickRecord, LinkChange } from '../../clicks/log/click-batch.ts'
import type { LoggedBatch } from '../../clicks/log/click-log.ts'
import type { BotChoice } from '../../clicks/store/question.ts'
import { domainOf, type Domain } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import type { TaggedLinks } from './tagged-links.ts'
import type { Steps } from '../../links/long-work.ts'
import { formatIsoTime } from '../api/iso-time.ts'

export const EVENT_NAMES = ['click', 'change'] as const
export type EventName = (typeof EVENT_NAMES)[number]

interface EventPlace {
  readonly position: number
  readonly index: number
}

export interface LiveEvent {
  readonly index: number
  readonly name: EventName
  readonly code: Code
  readonly isBot: boolean
  /** Of a change: the tags that the link has then; none if it was deleted. */
  readonly tags?: readonly string[]
  /** The whole event, with the empty line that ends it. */
  readonly text: string
}

/** Everything of one batch of the click log. */
export interface LiveBatch {
  readonly position: number
  readonly events: readonly LiveEvent[]
  /** Characters of the texts. */
  readonly length: number
}

export interface ClickParsing {
  parse(record: ClickRecord, node: string): Click
}

/** @throws TinygridError internal: the batch cannot be read */
export function* liveBatch(logged: LoggedBatch, parser: ClickParsing): Steps<LiveBatch> {
  const { position, payload } = logged
  const { clicks, changes, node } = decodeBatch(payload)
  const events: LiveEvent[] = []
  for (const record of clicks) {
    yield
    events.push(clickEvent(parser.parse(record, node), { position, index: events.length }))
  }
  for (const change of changes) {
    yield
    events.push(changeEvent(change, { position, index: events.length }))
  }
  const length = events.reduce((sum, { text }) => sum + text.length, 0)
  return { position, events, length }
}

function clickEvent(click: Click, place: EventPlace): LiveEvent {
  // `referrer` is what questions call it.
  const shown = { ...click, ...place, at: formatIsoTime(click.at), referrer: click.referrerHost }
  const { code, kind } = click
  const text = textOf('click', place, shown)
  return { index: place.index, name: 'click', code, isBot: kind !== 'human', text }
}

function changeEvent(change: LinkChange, place: EventPlace): LiveEvent {
  const text = textOf('change', place, { ...change, ...place, at: formatIsoTime(change.at) })
  const { code, kind } = change
  const tags = kind === 'deleted' ? [] : change.tags
  return { index: place.index, name: 'change', code, isBot: false, tags, text }
}

function textOf(name: EventName, place: EventPlace, data: object): string {
  return `id: ${idOf(place)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

function idOf({ position, index }: EventPlace): string {
  return `${position}-${index}`
}

/** What a client has been told up to: an event, or all of a batch. */
export interface ToldPlace {
  readonly position: number
  /** undefined: all of it. */
  readonly index?: number
}

const ID = /^(\d{1,15})(?:-(\d{1,9}))?$/

/** undefined: no event has this id. */
export function parseEventId(text: string): ToldPlace | undefined {
  const match = ID.exec(text)
  if (match === null) return undefined
  const [, position, index] = match
  return { position: Number(position), ...(index === undefined ? {} : { index: Number(index) }) }
}

export interface EventFilter {
  /** undefined: of all links. */
  readonly codes?: ReadonlySet<string>
  /** On one of these domains. */
  readonly within?: readonly (Domain | null)[]
  /** Of links with these tags alone; follows the changes that it is asked about. */
  readonly tagged?: TaggedLinks
  readonly name?: EventName
  /** Of clicks. */
  readonly bots: BotChoice
}

/** To be asked of every event, in order. */
export function fits(
  { codes, within, tagged, name, bots }: EventFilter,
  event: LiveEvent,
): boolean {
  const { code, tags } = event
  const isTagged =
    tags === undefined ? tagged?.has(code) !== false : tagged?.change(code, tags) !== false
  if (!isTagged) return false
  if (within !== undefined && !within.includes(domainOf(event.code))) return false
  if (codes !== undefined && !codes.has(event.code)) return false
  if (name !== undefined && name !== event.name) return false
  return bots === 'include' || event.name === 'change' || event.isBot === (bots === 'only')
}
