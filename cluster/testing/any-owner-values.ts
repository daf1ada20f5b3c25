/** What gateways and owners say to each other, at random: for property tests of its encoding. */
import * as fc from 'fast-check'
import { toEpochMs, type Code } from '../../links/ids.ts'
import { isPeriod, LINE_BREAKS } from '../../links/link-fields.ts'
import {
  redirectTo,
  SCHEDULED,
  UNKNOWN,
  ABSENT,
  MAX_VISITS_MAX,
  METERED,
  PROTECTED,
  RULED,
  TAG_LENGTH_MAX,
  TITLE_LENGTH_MAX,
  type Link,
  type Lookup,
} from '../../links/link.ts'
import type { OptionName } from '../../links/link-options.ts'
import type { WriteRequest, WriteResult } from '../../links/link-owner.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import { ANY_OPTION, anyOptions, withAnyOptions } from '../../links/testing/any-options.ts'

export const overTheWire = (data: unknown): unknown => JSON.parse(JSON.stringify(data))

const anyCode = fc
  .stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
  .filter((code) => !isReserved(code))
  .map((code) => code as Code)
const anyUrl = fc
  .stringMatching(/^[!-~]{0,50}$/)
  .map((path) => new URL(`http://a.example/${path}`).href)
const anyText = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength: maxLength / 8 }).map((text) => text.trim())
/** As owners keep them: in one line. */
const anyTitle = anyText(TITLE_LENGTH_MAX)
  .map((title) => title.replaceAll(LINE_BREAKS, ' ').trim())
  .filter((title) => title !== '')
const anyTag = anyText(TAG_LENGTH_MAX).filter((tag) => tag !== '')
export const time = fc.nat(2 ** 45).map(toEpochMs)
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const settings = {
  url: anyUrl,
  title: maybe(anyTitle),
  tags: fc.uniqueArray(anyTag, { maxLength: 3 }),
  expiresAt: maybe(time),
  maxVisits: maybe(fc.integer({ min: 1, max: MAX_VISITS_MAX })),
}
export const anyPlainLink: fc.Arbitrary<Link> = fc.record({
  ...settings,
  code: anyCode,
  createdAt: time,
  updatedAt: time,
  visits: fc.nat(),
  isAlias: fc.boolean(),
  lifecycle: fc.constantFrom('live', 'deleted'),
})
export const anyLink = withAnyOptions(anyPlainLink)
const anyReason = fc.constantFrom('deleted', 'expired', 'used_up')
const anyGone = fc.record(
  { kind: fc.constant('gone' as const), reason: anyReason, url: anyUrl },
  { requiredKeys: ['kind', 'reason'] },
)
export const anyLookup: fc.Arbitrary<Lookup> = fc.oneof(
  fc.constantFrom(ABSENT, METERED, PROTECTED, RULED, SCHEDULED, UNKNOWN),
  anyGone,
  fc
    .record({ url: anyUrl, expiresAt: maybe(time), options: anyOptions })
    .map((to) => redirectTo(to.url, to.expiresAt, to.options)),
)
const optional = {
  requiredKeys: ['kind', 'code'],
} satisfies fc.RecordConstraints<'kind' | 'code' | 'ifMatch' | 'operationId'>
const operationId = fc.stringMatching(/^[a-z0-9.]{1,64}$/)
export const anyCreate = withAnyOptions(
  fc.record({
    ...settings,
    kind: fc.constant('create' as const),
    code: anyCode,
    isAlias: fc.boolean(),
    reuse: fc.boolean(),
    operationId,
  }),
).filter(isPeriod)
/** As most are. */
export const plainCreate = anyCreate.map((create) => {
  const { kind, code, url, operationId: id } = create
  return { kind, code, url, operationId: id, ...PLAIN }
})
const PLAIN = {
  title: null,
  tags: [],
  expiresAt: null,
  maxVisits: null,
  isAlias: false,
  reuse: true,
}
export const anyImport = withAnyOptions(
  fc
    .record({
      ...settings,
      kind: fc.constant('import' as const),
      code: anyCode,
      createdAt: time,
      age: fc.nat(2 ** 40),
      visits: fc.nat(MAX_VISITS_MAX),
      isAlias: fc.boolean(),
      lifecycle: fc.constantFrom('live' as const, 'deleted' as const),
      operationId,
    })
    .map(({ age, ...link }) => {
      const visits = link.maxVisits === null ? 0 : link.visits
      return Object.assign(link, { updatedAt: toEpochMs(link.createdAt + age), visits })
    }),
).filter(isPeriod)
const optionChanges = {
  validFrom: maybe(ANY_OPTION.validFrom),
  redirectStatus: maybe(ANY_OPTION.redirectStatus),
  expiredUrl: maybe(ANY_OPTION.expiredUrl),
  forwardQuery: maybe(ANY_OPTION.forwardQuery),
  passwordHash: maybe(ANY_OPTION.passwordHash),
  rules: maybe(ANY_OPTION.rules),
} satisfies Record<OptionName, unknown>
export const anyRequest: fc.Arbitrary<WriteRequest> = fc.oneof(
  plainCreate,
  anyCreate,
  fc.record({
    kind: fc.constant('update'),
    code: anyCode,
    changes: fc.record({ ...settings, ...optionChanges }, { requiredKeys: [] }),
  }),
  fc.record(
    {
      kind: fc.constantFrom('delete', 'restore', 'purge'),
      code: anyCode,
      ifMatch: fc.string(),
      operationId,
    },
    optional,
  ),
  fc.record({ kind: fc.constant('visit'), code: anyCode }),
  anyImport,
)
export const anyResult: fc.Arbitrary<WriteResult> = fc.oneof(
  fc.record({ kind: fc.constantFrom('created', 'reused', 'done'), link: anyLink }),
  fc.record({ kind: fc.constantFrom('taken', 'absent', 'not_deleted', 'stale') }),
  anyGone,
  fc.record(
    {
      kind: fc.constant('redirect'),
      url: anyUrl,
      status: ANY_OPTION.redirectStatus,
      forwardQuery: ANY_OPTION.forwardQuery,
    },
    { requiredKeys: ['kind', 'url'] },
  ),
)
