/**
 * A webhook: who is told of what, as users define it, and the checks of that definition.
 *
 * Made by the API's requests, saved as JSON. The secret signs what is sent (`webhook-signature.ts`); it
 * is shown once, when the webhook is made.
 */
import { randomBytes } from 'node:crypto'
import type { Code, EpochMs } from '../../links/ids.ts'
import { parseFullCodeField, parseFlag, parseTags } from '../../links/link-fields.ts'
import { WEB_SCHEMES } from '../../links/target-schemes.ts'
import { parseTargetUrl } from '../../links/target-url.ts'
import {
  fieldsOf,
  newId,
  requireFields,
  savedAs,
  withFields,
  wrong,
  type FieldParsers,
} from './definition.ts'

export const HOOK_EVENTS = [
  'link.created',
  'link.changed',
  'link.deleted',
  'click',
  'threshold',
] as const
export type HookEvent = (typeof HOOK_EVENTS)[number]
/** Reports are told to the webhook that they name, whatever events it asks for. */
export type ToldType = HookEvent | 'report'

export const WEBHOOKS_MAX = 50
export const THRESHOLDS_MAX = 20
export const CODES_MAX = 100
/** Where messages may be sent. */
export const RECEIVER_BYTES_MAX = 4096
const RECEIVERS = { schemes: WEB_SCHEMES, bytesMax: RECEIVER_BYTES_MAX }
const THRESHOLD_MAX = 1_000_000_000_000
const SECRET_BYTES = 32
const SECRET_PREFIX = 'whsec_'
const SECRET_PATTERN = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly HookEvent[]
  /** Only of these links; empty: of all. */
  readonly codes: readonly Code[]
  /** Only of links that have one of these tags when they change; empty: of all. Not for clicks. */
  readonly tags: readonly string[]
  /** Visits of one link that are told when they are reached; rising. */
  readonly thresholds: readonly number[]
  readonly secret: string
  readonly isEnabled: boolean
  readonly createdAt: EpochMs
}

/** A new webhook. @throws TinygridError invalid_field, missing_field, unknown_field, bad_request */
export function newWebhook(given: unknown, now: EpochMs): Webhook {
  const fields = fieldsOf(given, 'A webhook')
  requireFields(fields, ['url', 'events'])
  const fresh: Webhook = {
    id: newId(),
    url: '',
    events: [],
    codes: [],
    tags: [],
    thresholds: [],
    secret: SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64'),
    isEnabled: true,
    createdAt: now,
  }
  return changedWebhook(fresh, fields)
}

/** The webhook with what `given` says; the rest stays. @throws TinygridError as newWebhook */
export function changedWebhook(webhook: Webhook, given: unknown): Webhook {
  const changed = withFields(webhook, fieldsOf(given, 'A webhook'), PARSERS)
  if (changed.events.includes('threshold') !== changed.thresholds.length > 0) {
    throw wrong('thresholds', 'The event threshold and a list of thresholds go together')
  }
  return changed
}

/** A webhook as it was saved; undefined: the text is none. */
export function savedWebhook(text: string): Webhook | undefined {
  return savedAs(text, newWebhook)
}

/** What a request may say. */
const PARSERS: FieldParsers = {
  url: (value) => parseTargetUrl(value, RECEIVERS),
  events: parseEvents,
  codes: parseCodes,
  tags: (value) => parseTags(value),
  thresholds: parseThresholds,
  secret: parseSecret,
  isEnabled: parseFlag,
}

function parseEvents(value: unknown): HookEvent[] {
  const known: readonly unknown[] = HOOK_EVENTS
  if (!Array.isArray(value) || value.length === 0 || !value.every((one) => known.includes(one))) {
    throw wrong('events', `This is a list of some of ${HOOK_EVENTS.join(', ')}`)
  }
  return HOOK_EVENTS.filter((event) => value.includes(event))
}

function parseCodes(value: unknown): Code[] {
  if (!Array.isArray(value) || value.length > CODES_MAX) {
    throw wrong('codes', `This is a list of at most ${CODES_MAX} codes`)
  }
  return value.map((code, index) => parseFullCodeField(code, `codes[${index}]`))
}

function parseThresholds(value: unknown): number[] {
  if (!Array.isArray(value) || value.length > THRESHOLDS_MAX || !value.every(isThreshold)) {
    const takes = `whole numbers from 1 to ${THRESHOLD_MAX}`
    throw wrong('thresholds', `This is a list of at most ${THRESHOLDS_MAX} ${takes}`)
  }
  return [...new Set(value)].sort((a, b) => a - b)
}

function isThreshold(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= THRESHOLD_MAX
}

function parseSecret(value: unknown): string {
  if (typeof value === 'string' && SECRET_PATTERN.test(value)) return value
  throw wrong('secret', 'A secret is whsec_ and 24 to 64 bytes in base64')
}
