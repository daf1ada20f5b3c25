/**
 * The shapes of questions about clicks and of their answers, for checks and for OpenAPI.
 *
 * What a schema cannot say (fields, values, time zones, points) is checked in `question-request.ts`.
 */
import { Type, type TProperties } from 'typebox'
import {
  BOT_CHOICES,
  CLICK_FIELDS,
  FILTER_VALUES_MAX,
  GROUP_FIELDS_MAX,
  GROUPS_MAX,
  INTERVALS,
  SERIES_POINTS_MAX,
  VISITOR_SCOPES,
} from '../../clicks/store/question.ts'
import { DEVICES, NETWORK_TYPES, VISITOR_KINDS } from '../../clicks/click.ts'
import { domainQuery } from '../api/domain-fields.ts'
import { strict } from '../api/link-schemas.ts'
import { FILTER_LENGTH_MAX, FILTER_VALUE_LENGTH_MAX, FILTERS_MAX } from './filter-text.ts'
import { GROUPS_DEFAULT } from './question-request.ts'
import { CODES_OF_TAGS_MAX } from './tagged-codes.ts'
import { COMPARISONS, DEFAULT_DAYS } from './time-span.ts'

const TIME_LENGTH_MAX = 40
const TIMEZONE_LENGTH_MAX = 64
const FIELD_NAMES_LENGTH_MAX = 100

export function oneOf<T extends string>(values: readonly T[], description: string) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], description })
}

/** A text, or the same parameter several times. */
export function repeatable(maxLength: number, maxItems: number, description: string) {
  const text = { type: 'string', maxLength }
  return Type.Unsafe<string | readonly string[]>({
    type: ['string', 'array'],
    maxLength,
    maxItems,
    items: text,
    description,
  })
}

export const selectionProperties = {
  from: Type.Optional(
    Type.String({
      maxLength: TIME_LENGTH_MAX,
      description:
        'Clicks from then on: an ISO 8601 time with offset, or a date in `timezone`; ' +
        `${DEFAULT_DAYS} days before \`to\` by default`,
    }),
  ),
  to: Type.Optional(
    Type.String({
      maxLength: TIME_LENGTH_MAX,
      description: 'Clicks before then: `from` counts, `to` does not; now by default',
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      maxLength: TIMEZONE_LENGTH_MAX,
      description:
        'IANA name, `Europe/Berlin`: of dates, intervals, hours and weekdays; UTC by default',
    }),
  ),
  filter: Type.Optional(
    repeatable(
      FILTER_LENGTH_MAX,
      FILTERS_MAX,
      'A field and the values that it may have, `country:DE,AT`; may be given ' +
        `${FILTERS_MAX} times, and all must fit. At most ${FILTER_VALUES_MAX} values of ` +
        `${FILTER_VALUE_LENGTH_MAX} characters; an empty one is what is not known. A comma or backslash ` +
        `in a value has a backslash in front. Fields: ${CLICK_FIELDS.join(', ')}. Tags may have ` +
        `${CODES_OF_TAGS_MAX} links together`,
    ),
  ),
  bots: Type.Optional(oneOf(BOT_CHOICES, 'Whether bots, previews and prefetches count; include')),
  orphans: Type.Optional(
    oneOf(
      ['true', 'false'],
      'true: clicks that led to no link (404, 410) instead of those that did',
    ),
  ),
}

export const statsQuerySchema = Type.Object(
  {
    ...selectionProperties,
    interval: Type.Optional(
      oneOf(INTERVALS, `Gives a series of at most ${SERIES_POINTS_MAX} points; none by default`),
    ),
    groupBy: Type.Optional(
      repeatable(
        FIELD_NAMES_LENGTH_MAX,
        GROUP_FIELDS_MAX,
        `At most ${GROUP_FIELDS_MAX} fields, \`country,browser\``,
      ),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: GROUPS_MAX,
        default: GROUPS_DEFAULT,
        description: 'Groups that are told, those with most clicks; the rest is `other`',
      }),
    ),
    visitors: Type.Optional(
      oneOf(
        VISITOR_SCOPES,
        'Where visitors are counted, which takes several times as long as all else: everywhere (all, by ' +
          'default), in `totals` alone, or nowhere (none). Elsewhere the field is left out',
      ),
    ),
    compare: Type.Optional(
      oneOf(COMPARISONS, 'The same of the time before, or of the same time a year before'),
    ),
  },
  strict,
)

export const linkStatsQuerySchema = Type.Object(
  { ...statsQuerySchema.properties, ...domainQuery },
  strict,
)

const count = Type.Integer({ minimum: 0 })
const counts = {
  clicks: count,
  humans: count,
  bots: Type.Integer({ minimum: 0, description: 'With previews and prefetches' }),
  visitors: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Different visitors, each counted once a day (UTC), exactly; of days whose single clicks are no ' +
        'longer kept, once for each link and day. Left out where the parameter `visitors` says so',
    }),
  ),
}
const countsSchema = Type.Object(counts, strict)
const time = Type.String({ format: 'date-time' })
const value = Type.String({ description: 'Empty: not known' })

const seriesSchema = Type.Array(Type.Object({ start: time, ...counts }, strict), {
  description: 'Every interval, those without clicks too; the first may begin before `from`',
})

const periodProperties: TProperties = {
  from: time,
  to: time,
  totals: countsSchema,
  series: seriesSchema,
}

export const statsSchema = Type.Object(
  {
    ...periodProperties,
    groups: Type.Array(
      Type.Object(
        {
          ...Object.fromEntries(CLICK_FIELDS.map((field) => [field, Type.Optional(value)])),
          ...counts,
        },
        { ...strict, description: 'Has the fields of `groupBy`' },
      ),
    ),
    other: Type.Unsafe({
      ...countsSchema,
      type: ['object', 'null'],
      description:
        'The groups that are not told, together. A visitor of several groups counts in each, and a click ' +
        'of a link with several tags in the group of each',
    }),
    previous: Type.Optional(Type.Object(periodProperties, strict)),
  },
  { ...strict, title: 'Stats' },
)

export const tagsSchema = Type.Object(
  { tags: Type.Array(Type.Object({ tag: Type.String(), links: count }, strict)) },
  { ...strict, title: 'Tags' },
)

const text = Type.String()
/** As `Click` in `clicks/click.ts` says; analytics writes it. */
const visitSchema = Type.Object(
  {
    at: time,
    code: text,
    kind: oneOf(VISITOR_KINDS, 'Who came'),
    botName: text,
    country: Type.String({ description: 'ISO 3166-1, two letters' }),
    asn: Type.Integer({ description: 'The autonomous system; 0: not known' }),
    network: text,
    networkType: oneOf(NETWORK_TYPES, 'What the data tell of the network'),
    ipVersion: Type.Integer({ description: '4 or 6; 0: not known' }),
    address: Type.String({ description: 'As TINYGRID_IP_PRIVACY lets it be kept' }),
    visitor: Type.String({ description: 'Salted hash of the day' }),
    browser: text,
    browserVersion: text,
    os: text,
    device: oneOf(DEVICES, 'The class of device'),
    referrerHost: text,
    referrerPath: text,
    language: text,
    utmSource: text,
    utmMedium: text,
    utmCampaign: text,
    status: Type.Integer({
      description: 'Of the redirect: 301, 302, 307 or 308; 404 and 410 of orphans',
    }),
    node: text,
    rule: Type.Integer({
      minimum: 0,
      description: 'Which redirect rule of the link led the visitor, from 1; 0: none',
    }),
    position: Type.Integer({ description: 'With `index` the name of the click in the click log' }),
    index: count,
  },
  { ...strict, title: 'Visit', description: 'Texts are empty where nothing is known' },
)

export const visitsPageSchema = Type.Object(
  {
    visits: Type.Array(visitSchema),
    nextCursor: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Ask with it for what follows; null at the end',
    }),
  },
  { ...strict, title: 'VisitsPage' },
)

/** Of a deletion. */
const deleted = Type.Union([count, Type.Null()], {
  description: 'null: it is not known, because it is not done everywhere yet',
})

export const deletedSchema = Type.Object({ deleted }, strict)

export const deletedVisitsSchema = Type.Object(
  {
    deleted,
    matched: oneOf(['address', 'network'], 'What was looked for: as much as is kept of addresses'),
  },
  strict,
)
