/**
 * `GET /api/events`: clicks and changes of links as they come, as server-sent events.
 *
 * The key comes in a header, as everywhere: browsers read the stream with `fetch`, because `EventSource` sends
 * no header and a key in the address would be in every log. In a cluster each node tells what happens on
 * all of them. Answers go around Fastify, which knows streams that end.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { TinygridError } from '../../links/errors.ts'
import type { Clock } from '../../links/clock.ts'
import { FULL_CODE_LENGTH_MAX } from '../../links/full-code.ts'
import { TAG_LENGTH_MAX } from '../../links/link.ts'
import { BOT_CHOICES, type BotChoice } from '../../clicks/store/question.ts'
import { problemReplies } from '../api/api-replies.ts'
import { callerOf, listedWithin } from '../api/caller.ts'
import type { KeyRing } from '../api/key-ring.ts'
import { strict } from '../api/link-schemas.ts'
import { HEARTBEAT_MS, SLOW_MS, streamEvents } from './event-stream.ts'
import {
  EVENT_NAMES,
  parseEventId,
  type EventFilter,
  type EventName,
  type ToldPlace,
} from './live-event.ts'
import type { LiveFeed } from './live-feed.ts'
import { invalid } from './question-request.ts'
import { oneOf, repeatable } from './stats-schemas.ts'
import type { TaggedCodes } from './tagged-codes.ts'
import { TaggedLinks } from './tagged-links.ts'

/** Who may listen at a time. */
export const LISTENERS_MAX = 100
const CODES_MAX = 100
const TAGS_MAX = 20
const ID_LENGTH_MAX = 32
const RETRY_AFTER_SECONDS = 10

interface EventsQuery {
  readonly after?: string
  readonly code?: string | readonly string[]
  readonly tag?: string | readonly string[]
  readonly event?: EventName
  readonly bots?: BotChoice
}

const querySchema = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: ID_LENGTH_MAX,
        description: 'An id: what came behind it; for who cannot send Last-Event-ID',
      }),
    ),
    code: Type.Optional(
      repeatable(FULL_CODE_LENGTH_MAX, CODES_MAX, `Of this link; may be given ${CODES_MAX} times`),
    ),
    tag: Type.Optional(
      repeatable(
        TAG_LENGTH_MAX,
        TAGS_MAX,
        `Of links that have this tag, as it is put on them and taken away; may be given ${TAGS_MAX} times`,
      ),
    ),
    event: Type.Optional(oneOf(EVENT_NAMES, 'Only these; both by default')),
    bots: Type.Optional(oneOf(BOT_CHOICES, 'Whether clicks of bots are told; include by default')),
  },
  strict,
)

const DESCRIPTION = [
  '`click`: a visit as `GET /api/visits` has it, with `referrer` as questions call it. `change`: a link was ' +
    '`created`, `changed` or `deleted`. Ids are the places in the click log; who comes back with the last one, ' +
    'as `Last-Event-ID` or `after`, misses nothing that the log still has, and is told `gap` where it does not.',
  `A comment comes every ${HEARTBEAT_MS / 1000} s. Who takes nothing for ${SLOW_MS / 1000} s, or falls far ` +
    'behind, is told `error` with a `code` (`slow_reader`, `key_ended`, `shutting_down`) and cut off.',
].join('\n\n')

export interface EventsOptions {
  /** undefined: clicks are not counted. */
  readonly feed: LiveFeed | undefined
  readonly clock: Clock
  /** Tells when a listener's key ends. */
  readonly ring: Pick<KeyRing, 'ended'>
}

export function eventsRoute(
  app: FastifyInstance,
  { feed, clock, ring }: EventsOptions,
  tagged: Pick<TaggedCodes, 'codesOf'>,
): void {
  const schema = {
    summary: 'Clicks and changes as they come',
    description: DESCRIPTION,
    tags: ['statistics'],
    querystring: querySchema,
    headers: Type.Object({
      'last-event-id': Type.Optional(Type.String({ description: 'Goes before `after`' })),
    }),
    response: {
      200: {
        description: 'Server-sent events, until one of both ends it',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      ...problemReplies(400, 401, 503),
    },
  }
  const stopping = new AbortController()
  let listeners = 0
  app.addHook('preClose', (done) => {
    stopping.abort()
    done()
  })
  app.get('/api/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const query = request.query as EventsQuery
    const told = placeOf(request)
    const tags = listOf(query.tag)
    if (feed === undefined) {
      throw new TinygridError('click_log_unavailable', { detail: 'Clicks are not counted here' })
    }
    if (listeners >= LISTENERS_MAX) {
      const detail = `At most ${LISTENERS_MAX} may listen at a time`
      throw new TinygridError('overloaded', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    listeners++
    const leave = feed.join()
    const { signal: ended, release } = ring.ended(callerOf(request)!)
    try {
      // Before the tags are looked up: what changes meanwhile is to be heard.
      const after = tags.length > 0 ? (told ?? { position: await feed.end() }) : told
      const wanted = { ...filterOf(query), ...listedWithin(request) }
      const filter = { ...wanted, ...(await taggedBy(tags, tagged)) }
      await streamEvents(reply, { feed, clock, filter, after, ended, stopping: stopping.signal })
    } finally {
      release()
      leave()
      listeners--
    }
  })
}

function placeOf({ headers, query }: FastifyRequest): ToldPlace | undefined {
  const id = headers['last-event-id']
  const isHeader = typeof id === 'string' && id !== ''
  const text = isHeader ? id : (query as EventsQuery).after
  if (text === undefined || text === '') return undefined
  const place = parseEventId(text)
  if (place !== undefined) return place
  throw invalid(isHeader ? 'last-event-id' : 'after', 'This is not the id of an event')
}

function listOf(given: string | readonly string[] | undefined): readonly string[] {
  return [given ?? []].flat().filter((one) => one !== '')
}

async function taggedBy(
  tags: readonly string[],
  tagged: Pick<TaggedCodes, 'codesOf'>,
): Promise<Pick<EventFilter, 'tagged'>> {
  if (tags.length === 0) return {}
  return { tagged: new TaggedLinks(tags, await tagged.codesOf(tags, 'tag')) }
}

function filterOf({ code, event, bots }: EventsQuery): EventFilter {
  const codes = listOf(code)
  return {
    ...(codes.length === 0 ? {} : { codes: new Set(codes) }),
    ...(event === undefined ? {} : { name: event }),
    bots: bots ?? 'include',
  }
}
