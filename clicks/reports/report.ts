/**
 * A report: a question about clicks with a name, asked again for each period, as users define it.
 *
 * Made by the API's requests, saved as JSON. It may have a schedule: then its answer goes to a webhook or
 * into the directory for reports, once for each period that has ended.
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { parseFullCodeField } from '../../links/link-fields.ts'
import {
  fieldsOf,
  isId,
  newId,
  requireFields,
  savedAs,
  withFields,
  wrong,
  type FieldParsers,
} from '../hooks/definition.ts'
import {
  BOT_CHOICES,
  CLICK_FIELDS,
  FILTER_VALUES_MAX,
  GROUP_FIELDS_MAX,
  GROUPS_MAX,
  INTERVALS,
  type BotChoice,
  type ClickField,
  type Filter,
  type Interval,
} from '../store/question.ts'
import { offsetPieces } from '../store/zone-offsets.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

export const REPORTS_MAX = 100
export const NAME_LENGTH_MAX = 80
export const FILTERS_MAX = 10
export const VALUE_LENGTH_MAX = 256
export const HOUR_MAX = 23
const LIMIT_DEFAULT = 20
const TIMEZONE_PATTERN = /^[A-Za-z0-9_+/-]{1,64}$/
const CONTROL_CHARACTER = /\p{Cc}/u

export interface Report {
  readonly id: string
  readonly name: string
  /** It is about the last one that has ended, by the wall clock of the time zone. */
  readonly period: Period
  readonly timezone: string
  readonly code: Code | null
  readonly filters: readonly Filter[]
  readonly bots: BotChoice
  readonly interval: Interval | null
  readonly groupBy: readonly ClickField[]
  readonly limit: number
  readonly schedule: Schedule | null
  readonly createdAt: EpochMs
}

/** When a period has ended, at this hour of the day; where to. */
export interface Schedule {
  readonly hour: number
  readonly to: 'directory' | { readonly webhook: string }
}

/** A new report. @throws TinygridError invalid_field, missing_field, unknown_field, bad_request */
export function newReport(given: unknown, now: EpochMs): Report {
  const fields = fieldsOf(given, 'A report')
  requireFields(fields, ['name', 'period'])
  const fresh: Report = {
    id: newId(),
    name: '',
    period: 'day',
    timezone: 'UTC',
    code: null,
    filters: [],
    bots: 'exclude',
    interval: null,
    groupBy: [],
    limit: LIMIT_DEFAULT,
    schedule: null,
    createdAt: now,
  }
  return changedReport(fresh, fields)
}

/** The report with what `given` says; the rest stays. @throws TinygridError as newReport */
export function changedReport(report: Report, given: unknown): Report {
  return withFields(report, fieldsOf(given, 'A report'), PARSERS)
}

/** A report as it was saved; undefined: the text is none. */
export function savedReport(text: string): Report | undefined {
  return savedAs(text, newReport)
}

const PARSERS: FieldParsers = {
  name: parseName,
  period: (value, field) => oneOf(PERIODS, value, field),
  timezone: parseTimezone,
  code: (value, field) => (value === null ? null : parseFullCodeField(value, field)),
  filters: parseFilters,
  bots: (value, field) => oneOf(BOT_CHOICES, value, field),
  interval: (value, field) => (value === null ? null : oneOf(INTERVALS, value, field)),
  groupBy: parseGroupBy,
  limit: (value, field) => count(value, 1, GROUPS_MAX, field),
  schedule: parseSchedule,
}

function parseName(value: unknown, field: string): string {
  const isName =
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= NAME_LENGTH_MAX &&
    value.isWellFormed() &&
    !CONTROL_CHARACTER.test(value)
  if (isName) return value.trim()
  throw wrong(field, `A name has 1 to ${NAME_LENGTH_MAX} characters, without line breaks`)
}

function parseTimezone(value: unknown, field: string): string {
  if (typeof value !== 'string' || !TIMEZONE_PATTERN.test(value)) {
    throw wrong(field, 'This must be the name of a time zone, such as Europe/Berlin')
  }
  offsetPieces(value, 0, 1) // throws if there is none of this name
  return value
}

function parseFilters(value: unknown, field: string): Filter[] {
  if (!Array.isArray(value) || value.length > FILTERS_MAX) {
    throw wrong(field, `This is a list of at most ${FILTERS_MAX} filters`)
  }
  return value.map((one: unknown, index) => parseFilter(one, `${field}[${index}]`))
}

function parseFilter(given: unknown, field: string): Filter {
  const { field: name, values, ...others } = fieldsOf(given, 'A filter')
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TinygridError('unknown_field', { field: unknown })
  if (!Array.isArray(values) || values.length === 0 || values.length > FILTER_VALUES_MAX) {
    throw wrong(`${field}.values`, `This is a list of 1 to ${FILTER_VALUES_MAX} texts`)
  }
  if (!values.every(isValue)) {
    throw wrong(`${field}.values`, `A value is a text of at most ${VALUE_LENGTH_MAX} characters`)
  }
  return { field: oneOf(CLICK_FIELDS, name, `${field}.field`), values }
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= VALUE_LENGTH_MAX
}

function parseGroupBy(value: unknown, field: string): ClickField[] {
  if (!Array.isArray(value) || value.length > GROUP_FIELDS_MAX) {
    throw wrong(field, `This is a list of at most ${GROUP_FIELDS_MAX} fields`)
  }
  const fields = value.map((one: unknown, index) => oneOf(CLICK_FIELDS, one, `${field}[${index}]`))
  if (new Set(fields).size < fields.length) throw wrong(field, 'A field stands here twice')
  return fields
}

function parseSchedule(value: unknown, field: string): Schedule | null {
  if (value === null) return null
  const { hour = 0, to, ...others } = fieldsOf(value, 'A schedule')
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TinygridError('unknown_field', { field: unknown })
  return { hour: count(hour, 0, HOUR_MAX, `${field}.hour`), to: parseTo(to, `${field}.to`) }
}

function parseTo(value: unknown, field: string): Schedule['to'] {
  if (value === 'directory') return value
  const webhook = (value as { webhook?: unknown } | null | undefined)?.webhook
  if (isId(webhook)) return { webhook }
  throw wrong(field, 'This is "directory", or {"webhook": ID} with the id of a webhook')
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, field: string): T {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  throw wrong(field, `This must be one of ${choices.join(', ')}`)
}

function count(value: unknown, min: number, max: number, field: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number
  }
  throw wrong(field, `This must be a whole number from ${min} to ${max}`)
}
