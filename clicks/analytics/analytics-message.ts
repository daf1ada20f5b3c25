/**
 * Calls of analytics as bytes between nodes, and what of them is believed.
 *
 * JSON, deflated, with maps as lists of their entries. Whoever may connect to NATS may have sent it, so
 * each parameter is checked before it reaches a store; messages are bounded on both sides.
 */
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { isCount, isFields, must, type Fields } from '../../cluster/stored-value.ts'
import { parseFullCode } from '../../links/full-code.ts'
import { TIME_MAX, type Code } from '../../links/ids.ts'
import {
  BOT_CHOICES,
  CLICK_FIELDS,
  FILTER_VALUES_MAX,
  GROUP_FIELDS_MAX,
  GROUPS_MAX,
  INTERVALS,
  VISITOR_SCOPES,
} from '../store/question.ts'
import { STREAM_FORMATS } from './analytics.ts'
import type { CallName, CallParams } from './analytics-calls.ts'

export interface SentRequest {
  readonly name: CallName
  readonly params: CallParams
}

/** Of a message, below what NATS takes by default. */
export const MESSAGE_BYTES_MAX = 1_000_000
/** Of what a message holds. */
const TEXT_BYTES_MAX = 16 * 2 ** 20
const CODES_MAX = 10_000
const TEXT_LENGTH_MAX = 512
const VISITS_MAX = Number.MAX_SAFE_INTEGER
const DESKS = ['webhooks', 'reports'] as const
/** Parameters of a method of them. */
const GIVEN_MAX = 2
const MAP = '$map'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

export function encodeMessage(value: unknown): Promise<Uint8Array> {
  return deflate(JSON.stringify(value, entriesOf))
}

/** @throws Error of what is no message */
export async function decodeMessage(bytes: Uint8Array): Promise<unknown> {
  const text = (await inflate(bytes, { maxOutputLength: TEXT_BYTES_MAX })).toString()
  return JSON.parse(text, mapOf) as unknown
}

function entriesOf(_key: string, value: unknown): unknown {
  return value instanceof Map ? { [MAP]: [...value] } : value
}

function mapOf(_key: string, value: unknown): unknown {
  if (!isFields(value) || !Array.isArray(value[MAP])) return value
  return new Map(value[MAP] as [unknown, unknown][])
}

/** @throws Malformed */
export function parseRequest(value: unknown): SentRequest {
  must(isFields(value) && Array.isArray(value['params']), 'it is no call')
  const params: unknown[] = value['params']
  const name = value['name'] as CallName
  must(Object.hasOwn(CHECKS, name), 'it is a call that nobody knows')
  must(CHECKS[name](params), `what ${name} is given is not what it takes`)
  return { name, params: params as SentRequest['params'] }
}

const CHECKS: { readonly [Name in CallName]: (params: readonly unknown[]) => boolean } = {
  ask: ([question]) => isQuestion(question),
  open: ([question, format, limit]) =>
    isVisitsQuestion(question) && isOneOf(STREAM_FORMATS, format) && isCount(limit, VISITS_MAX),
  next: ([id]) => isCount(id),
  close: ([id]) => isCount(id),
  clicksOf: ([codes]) => isCodes(codes),
  mostClicked: ([offset, limit]) => isCount(offset) && isCount(limit, CODES_MAX),
  deleted: ([id]) => isText(id),
  status: () => true,
  // What it is given is checked where webhooks and reports are made of it.
  desk: ([desk, method, given]) =>
    isOneOf(DESKS, desk) &&
    isText(method) &&
    Array.isArray(given) &&
    given.length <= GIVEN_MAX &&
    given.every((one) => isText(one) || isCount(one) || isFields(one)),
}

function isQuestion(value: unknown): boolean {
  if (!isSelection(value)) return false
  const { interval, groupBy, limit, visitors } = value
  return (
    (interval === undefined || isOneOf(INTERVALS, interval)) &&
    Array.isArray(groupBy) &&
    groupBy.length <= GROUP_FIELDS_MAX &&
    groupBy.every((field) => isOneOf(CLICK_FIELDS, field)) &&
    isCount(limit, GROUPS_MAX) &&
    (visitors === undefined || isOneOf(VISITOR_SCOPES, visitors))
  )
}

function isVisitsQuestion(value: unknown): boolean {
  if (!isSelection(value)) return false
  const { after } = value
  if (after === undefined) return true
  return isFields(after) && ['at', 'position', 'index'].every((name) => isCount(after[name]))
}

function isSelection(value: unknown): value is Fields {
  if (!isFields(value)) return false
  const { from, to, code, filters, bots, orphans, tags, timezone } = value
  return (
    isCount(from, TIME_MAX) &&
    isCount(to, TIME_MAX) &&
    (code === undefined || isCode(code)) &&
    Array.isArray(filters) &&
    filters.length <= CLICK_FIELDS.length &&
    filters.every(isFilter) &&
    isOneOf(BOT_CHOICES, bots) &&
    typeof orphans === 'boolean' &&
    (tags === undefined || (tags instanceof Map && [...tags].every(isTagged))) &&
    isTimezone(timezone)
  )
}

function isFilter(filter: unknown): boolean {
  if (!isFields(filter)) return false
  const { field, values } = filter
  return (
    isOneOf(CLICK_FIELDS, field) &&
    Array.isArray(values) &&
    values.length <= FILTER_VALUES_MAX &&
    values.every(isText)
  )
}

function isTagged([tag, codes]: [unknown, unknown]): boolean {
  return isText(tag) && Array.isArray(codes) && codes.every(isCode)
}

function isTimezone(value: unknown): boolean {
  if (!isText(value)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function isCodes(value: unknown): value is Code[] {
  return Array.isArray(value) && value.length <= CODES_MAX && value.every(isCode)
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && parseFullCode(value) !== undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX
}

function isOneOf(words: readonly string[], value: unknown): boolean {
  return words.includes(value as string)
}
