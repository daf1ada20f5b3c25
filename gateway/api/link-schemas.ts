/**
 * The shapes of requests and replies, as JSON schemas: what is checked and what OpenAPI shows.
 *
 * Used by the routes. Requests are checked against them; replies are written by `link-view.ts` and a
 * test holds them to these. The rules that a schema cannot say (a URL's own rules, reserved codes,
 * times in the future) are in `link-request.ts`.
 */
import { Type } from 'typebox'
import { MAX_VISITS_MAX, TAG_LENGTH_MAX, TAGS_MAX, TITLE_LENGTH_MAX } from '../../links/link.ts'
import { CODE_LENGTH_MAX } from '../../links/ids.ts'
import { IF_MATCH_LENGTH_MAX } from '../../links/link-fields.ts'
import { PASSWORD_LENGTH_MAX } from '../../links/password-hash.ts'
import { LIST_LIMIT_MAX, OPERATION_KEPT_MS } from '../../links/link-owner.ts'
import { LIST_STATES, SEARCH_LENGTH_MAX, type ListState } from '../../links/list-filter.ts'
import type { TargetRules } from '../../links/target-url.ts'
import { domainField, domainQuery, listedDomain, shownDomain } from './domain-fields.ts'
import { optionFields, shownOptions } from './link-option-fields.ts'
import { nullable, TIME_LENGTH_MAX } from './schema-parts.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_LENGTH_MAX } from './idempotency.ts'

export const CODE_PATTERN = '^[A-Za-z0-9_-]+$'
const CURSOR_LENGTH_MAX = 500
export const LIST_LIMIT_DEFAULT = 100

const LIST_ORDERS = ['created', 'visits'] as const
export type ListOrder = (typeof LIST_ORDERS)[number]

export const strict = { additionalProperties: false }

/** What the settings say of a link. */
export type LinkLimits = Pick<GatewaySettings, 'aliasLengthMax' | 'targets'>

export function urlField({ schemes, bytesMax }: TargetRules) {
  const named = schemes === undefined ? '' : `${schemes.join(', ')}; `
  return Type.String({
    minLength: 1,
    maxLength: bytesMax,
    description: `${named}at most ${bytesMax} bytes; stored as browsers write it`,
    examples: ['https://example.com/a/long/page'],
  })
}

export const fields = {
  title: nullable(
    Type.String({ maxLength: TITLE_LENGTH_MAX }),
    'For people; not shown to visitors. A line break becomes a space',
  ),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: TAG_LENGTH_MAX }), {
    maxItems: TAGS_MAX,
    description: 'For finding links again; each once',
  }),
  expiresAt: nullable(
    Type.String({ maxLength: 40, examples: ['2030-01-31T12:00:00Z'] }),
    'ISO 8601 with Z or an offset; from then on the link answers 410',
  ),
  maxVisits: nullable(
    Type.Integer({ minimum: 1, maximum: MAX_VISITS_MAX }),
    'After so many visits the link answers 410. Counted exactly; HEAD and previews do not count',
  ),
}

const passwordField = nullable(
  Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX }),
  'Visitors are asked for it before they are told where the link leads. Kept as a hash (scrypt) alone',
)

export function newLinkSchema({ aliasLengthMax, targets }: LinkLimits) {
  return Type.Object(
    {
      url: urlField(targets),
      code: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: aliasLengthMax,
          pattern: CODE_PATTERN,
          description: 'The code of your choice; 409 if it is taken, even for the same URL',
        }),
      ),
      domain: Type.Optional(domainField),
      reuse: Type.Optional(
        Type.Boolean({
          description:
            'false: a new link even if there is one for this URL. true together with a code: an ' +
            'existing plain link with this code and URL answers 200 instead of 409',
        }),
      ),
      title: Type.Optional(fields.title),
      tags: Type.Optional(fields.tags),
      expiresAt: Type.Optional(fields.expiresAt),
      maxVisits: Type.Optional(fields.maxVisits),
      ...optionFields,
      password: Type.Optional(passwordField),
    },
    { ...strict, title: 'NewLink' },
  )
}

const time = Type.String({ format: 'date-time', description: 'ISO 8601 in UTC' })
export type NewLinkBody = Type.Static<ReturnType<typeof newLinkSchema>>

export function linkChangesSchema({ targets }: LinkLimits) {
  return Type.Object(
    {
      url: Type.Optional(urlField(targets)),
      title: Type.Optional(fields.title),
      tags: Type.Optional(fields.tags),
      expiresAt: Type.Optional(fields.expiresAt),
      maxVisits: Type.Optional(fields.maxVisits),
      ...optionFields,
      password: Type.Optional(passwordField),
    },
    {
      ...strict,
      title: 'LinkChanges',
      description:
        'What is left out stays; null takes a setting away. expiresAt may be past (the link expires ' +
        'at once) and maxVisits below the visits so far (it is used up)',
    },
  )
}

export type LinkChangesBody = Type.Static<ReturnType<typeof linkChangesSchema>>

export const linkSchema = Type.Object(
  {
    code: Type.String(),
    domain: shownDomain,
    shortUrl: Type.String({ description: 'What to hand out' }),
    url: Type.String(),
    title: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    tags: Type.Array(Type.String()),
    createdAt: time,
    updatedAt: time,
    expiresAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
    maxVisits: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    visits: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description:
        'Exact for links with maxVisits. Of others the clicks that were counted so far, a second or two ' +
        'late; null: not known just now, and in answers that make or export links',
    }),
    ...shownOptions,
    hasPassword: Type.Boolean({ description: 'Whether visitors are asked for a password' }),
  },
  { ...strict, title: 'Link' },
)

export type LinkView = Type.Static<typeof linkSchema>

/** What who created without the key is told: the link may be another's, with a title and tags. */
export const shortLinkSchema = Type.Pick(linkSchema, ['code', 'domain', 'shortUrl', 'url'], {
  ...strict,
  title: 'ShortLink',
})

export type ShortLinkView = Type.Static<typeof shortLinkSchema>

export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; see the table of errors' }),
    detail: Type.String(),
    field: Type.Optional(
      Type.String({ description: 'What to correct: `url`, `links[3].tags[0]`' }),
    ),
    instance: Type.Optional(Type.String({ description: 'Names this occurrence in the log' })),
  },
  { ...strict, title: 'Problem' },
)

export const linkPageSchema = Type.Object(
  {
    links: Type.Array(linkSchema),
    nextCursor: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Ask with it for what follows; null at the end',
    }),
  },
  { ...strict, title: 'LinkPage' },
)

export const codeParamsSchema = Type.Object({
  code: Type.String({ minLength: 1, maxLength: CODE_LENGTH_MAX }),
})

export const listQuerySchema = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT_DEFAULT }),
    ),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: CURSOR_LENGTH_MAX })),
    search: Type.Optional(
      Type.String({
        maxLength: SEARCH_LENGTH_MAX,
        description:
          'Part of the code, URL, title or a tag, in any case; a URL as browsers show it or as it is ' +
          'stored. A whole short URL finds its link',
      }),
    ),
    tag: Type.Optional(
      Type.String({ maxLength: TAG_LENGTH_MAX, description: 'Links with exactly this tag' }),
    ),
    domain: listedDomain,
    state: Type.Optional(
      Type.Unsafe<ListState>({
        type: 'string',
        enum: [...LIST_STATES],
        description:
          'Links that redirect, are not valid yet, have expired, or have had all their visits',
      }),
    ),
    createdFrom: Type.Optional(
      Type.String({
        maxLength: TIME_LENGTH_MAX,
        description: 'Links made from then on: an ISO 8601 time with offset, or a date in UTC',
      }),
    ),
    createdTo: Type.Optional(
      Type.String({ maxLength: TIME_LENGTH_MAX, description: 'Links made before then' }),
    ),
    sort: Type.Optional(
      Type.Unsafe<ListOrder>({
        type: 'string',
        enum: [...LIST_ORDERS],
        description:
          'created: newest first, the default. visits: most visits first, links without any left out; ' +
          '503 where clicks are not counted',
      }),
    ),
  },
  strict,
)

export const deleteQuerySchema = Type.Object(
  {
    ...domainQuery,
    purge: Type.Optional(
      Type.Unsafe<'true' | 'false'>({
        type: 'string',
        enum: ['true', 'false'],
        description: 'true frees the code for good; the link cannot be restored',
      }),
    ),
  },
  strict,
)

export const idempotencyKeySchema = Type.Object({
  [IDEMPOTENCY_KEY.toLowerCase()]: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: IDEMPOTENCY_KEY_LENGTH_MAX,
      pattern: '^[!-~]+$',
      description:
        'A name of your choice for this request, visible ASCII. Sent again with the same body, it ' +
        `gets the first answer and makes no second link, for at least ${OPERATION_KEPT_MS / 1000} s. ` +
        'With another body it is another request',
    }),
  ),
})

export const ifMatchSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: IF_MATCH_LENGTH_MAX,
      description: 'An ETag; 412 if the link was changed since',
    }),
  ),
})

export const ifNoneMatchSchema = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'An ETag; 304 if the link is still the same and counts no visits' }),
  ),
})
