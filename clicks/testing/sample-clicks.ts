/** Clicks and questions for tests: one with what matters said, or random ones from a small world. */
import fc from 'fast-check'
import type { Code, EpochMs } from '../../links/ids.ts'
import { DEVICES, NETWORK_TYPES, VISITOR_KINDS, type Click, type PlacedClick } from '../click.ts'
import {
  BOT_CHOICES,
  CLICK_FIELDS,
  INTERVALS,
  VISITOR_SCOPES,
  type ClickField,
  type Interval,
  type Question,
} from '../store/question.ts'

export const NOON = Date.UTC(2026, 5, 15, 12) as EpochMs

/** A click of a person on the link `abc`, with what is said changed. */
export function sampleClick(changes: Partial<PlacedClick> = {}): PlacedClick {
  return {
    code: 'abc' as Code,
    at: NOON,
    kind: 'human',
    botName: '',
    country: 'DE',
    asn: 3320,
    network: 'Deutsche Telekom AG',
    networkType: 'consumer',
    ipVersion: 4,
    address: '203.0.113.0',
    visitor: '00000000000000a1',
    browser: 'Firefox',
    browserVersion: '140.0',
    os: 'Linux',
    device: 'desktop',
    referrerHost: 'example.org',
    referrerPath: '/news',
    language: 'de-AT',
    utmSource: 'letter',
    utmMedium: 'email',
    utmCampaign: 'summer',
    status: 302,
    node: 'n1',
    rule: 0,
    position: 1,
    index: 0,
    ...changes,
  }
}

/** A question about everything in 2026, with what is said changed. */
export function sampleQuestion(changes: Partial<Question> = {}): Question {
  return {
    from: Date.UTC(2026, 0, 1) as EpochMs,
    to: Date.UTC(2027, 0, 1) as EpochMs,
    filters: [],
    bots: 'include',
    orphans: false,
    timezone: 'UTC',
    groupBy: [],
    limit: 10,
    ...changes,
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Moments around which wall clocks do something odd, and zones where they do. */
const MOMENTS = [
  Date.UTC(2026, 2, 29, 1), // Berlin loses an hour
  Date.UTC(2026, 9, 25, 1), // Berlin gets it back
  Date.UTC(2026, 3, 4, 15), // Lord Howe gets half an hour back
  Date.UTC(2011, 11, 30, 10), // Apia leaves a day out
  Date.UTC(2010, 10, 7, 2, 31), // St John's falls back over midnight
  Date.UTC(2026, 11, 31, 23),
]
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/St_Johns',
  'Asia/Kathmandu',
]
const SPANS = [HOUR_MS, DAY_MS, 3 * DAY_MS, 40 * DAY_MS, 400 * DAY_MS]
/** Points of a series that a recount can do in no time. */
const POINTS_MAX = 500
const SHORTEST_MS = {
  minute: 60_000,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 28 * DAY_MS,
}

/** Texts as they come from outside, few enough to meet each other. */
const text = fc.constantFrom(
  '',
  'a',
  'B',
  'Ärger',
  "it's",
  '😀',
  '\uffff',
  '10',
  '9',
  '\\',
  'x\0y',
  'x\u001fy',
  '\u001e',
  '%"',
)
const code = fc.constantFrom('a', 'b', 'go.example/a', 'd-_') as fc.Arbitrary<Code>
const tags = fc.dictionary(
  fc.constantFrom('red', 'blue', '10'),
  fc.uniqueArray(code, { maxLength: 3 }),
)

export const arbitraryMoment = fc.constantFrom(...MOMENTS)

const arbitraryClick = (moment: number): fc.Arbitrary<Click> =>
  fc.record({
    code,
    at: fc
      .tuple(fc.constantFrom(...SPANS), fc.double({ min: -1, max: 1, noNaN: true }))
      .map(([span, share]) => Math.round(moment + (span * share) / 2) as EpochMs),
    kind: fc.constantFrom(...VISITOR_KINDS),
    botName: text,
    country: fc.constantFrom('', 'DE', 'AT', 'FR'),
    asn: fc.constantFrom(0, 3320, 4_294_967_295),
    network: text,
    networkType: fc.constantFrom(...NETWORK_TYPES),
    ipVersion: fc.constantFrom(0 as const, 4 as const, 6 as const),
    address: fc.constantFrom('', '203.0.113.0', '2001:db8::'),
    visitor: fc.constantFrom(
      '',
      '0000000000000000',
      'ffffffffffffffff',
      '00000000000000a1',
      'a1b2c3d4e5f60718',
    ),
    browser: text,
    browserVersion: text,
    os: text,
    device: fc.constantFrom(...DEVICES),
    referrerHost: text,
    referrerPath: text,
    language: text,
    utmSource: text,
    utmMedium: text,
    utmCampaign: text,
    status: fc.constantFrom(302, 302, 302, 301, 404, 410),
    node: text,
    rule: fc.constantFrom(0, 0, 1, 2, 20),
  })

/** Clicks around a moment, in batches: each with its position. */
export function arbitraryBatches(moment: number): fc.Arbitrary<PlacedClick[][]> {
  return fc
    .array(fc.array(arbitraryClick(moment), { maxLength: 25 }), { maxLength: 6 })
    .map((batches) =>
      batches.map((batch, place) =>
        batch.map((click, index) => ({ ...click, position: place * 3 + 1, index })),
      ),
    )
}

export function arbitraryQuestion(moment: number): fc.Arbitrary<Question> {
  const questions = fc.record({
    from: fc.constantFrom(...SPANS).map((span) => (moment - span) as EpochMs),
    to: fc.constantFrom(...SPANS).map((span) => (moment + span) as EpochMs),
    code: fc.option(code, { nil: undefined }),
    filters: fc.array(arbitraryFilter, { maxLength: 2 }),
    bots: fc.constantFrom(...BOT_CHOICES),
    orphans: fc.boolean(),
    tags: fc.option(tags, { nil: undefined }),
    timezone: fc.constantFrom(...ZONES),
    interval: fc.option(fc.constantFrom(...INTERVALS), { nil: undefined }),
    groupBy: fc.uniqueArray(fc.constantFrom(...CLICK_FIELDS), { maxLength: 2 }),
    limit: fc.constantFrom(0, 1, 2, 5, 1000),
    visitors: fc.constantFrom(undefined, ...VISITOR_SCOPES),
  })
  return questions.map(({ code: of, tags: tagged, interval, visitors, ...rest }) =>
    Object.assign(
      rest,
      of !== undefined && { code: of },
      visitors !== undefined && { visitors },
      tagged !== undefined && { tags: new Map(Object.entries(tagged)) },
      interval !== undefined && { interval: bounded(interval, rest.to - rest.from) },
    ),
  )
}

const VALUES: Partial<Record<ClickField, fc.Arbitrary<string>>> = {
  country: fc.constantFrom('', 'DE', 'AT'),
  ipVersion: fc.constantFrom('', '4', '6', '0', '04'),
  status: fc.constantFrom('', '302', '301', '404', '3e2'),
  rule: fc.constantFrom('', '1', '2', '0', '01'),
  kind: fc.constantFrom(...VISITOR_KINDS, ''),
  device: fc.constantFrom(...DEVICES),
  networkType: fc.constantFrom(...NETWORK_TYPES),
  tag: fc.constantFrom('', 'red', 'blue', 'none'),
  code,
  domain: fc.constantFrom('', 'go.example', 'a'),
  hourOfDay: fc.integer({ min: 0, max: 24 }).map(String),
  weekday: fc.integer({ min: 0, max: 8 }).map(String),
}

const arbitraryFilter = fc.constantFrom(...CLICK_FIELDS).chain((field) =>
  fc.record({
    field: fc.constant(field),
    values: fc.array(VALUES[field] ?? text, { minLength: 1, maxLength: 8 }),
  }),
)

function bounded(interval: Interval, length: number): Interval {
  return INTERVALS.find((longer) => {
    const isLongEnough = INTERVALS.indexOf(longer) >= INTERVALS.indexOf(interval)
    return isLongEnough && length / SHORTEST_MS[longer] < POINTS_MAX
  })!
}
