/**
 * What Kutt's clients send of a link, as a request of our own API has it. Pure.
 *
 * What a field may hold is said there. As in Kutt, empty fields are as good as left out, an address without a scheme
 * is one of `http:`, and what is not known is left alone. A link keeps its code here, so another `address` is refused;
 * and a password that is not mentioned stays, where Kutt takes it away.
 */
import { TinygridError } from '../../../links/errors.ts'
import type { EpochMs } from '../../../links/ids.ts'
import { formatIsoTime } from '../../api/iso-time.ts'
import type { LinkChangesBody } from '../../api/link-schemas.ts'
import { invalid } from '../../stats/question-request.ts'
import type { NewForeignLink } from '../foreign-links.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365.25 * DAY_MS
const LIFETIME_MS_MIN = MINUTE_MS
const LIFETIME_MS_MAX = 1_000 * YEAR_MS

/** `90`, `1.5h`, `42 days`. */
const LIFETIME = /^(\d{1,12}(?:\.\d{1,6})?) ?([a-z]{0,12})$/i
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:|ms|msecs?|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, SECOND_MS],
  [/^(?:m|mins?|minutes?)$/, MINUTE_MS],
  [/^(?:h|hrs?|hours?)$/, HOUR_MS],
  [/^(?:d|days?)$/, DAY_MS],
  [/^(?:w|weeks?)$/, 7 * DAY_MS],
  [/^(?:y|yrs?|years?)$/, YEAR_MS],
]

/** What its page shows in the place of a password, and sends back. */
const HIDDEN = /^•+$/

export type Body = Readonly<Record<string, unknown>>

/** @throws TinygridError invalid_json */
export function bodyOf(value: unknown): Body {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  throw new TinygridError('invalid_json', { detail: 'Send an object as JSON' })
}

/** All but the domain. @throws TinygridError invalid_field; missing_field */
export function newKuttLink(body: Body, now: EpochMs): NewForeignLink {
  const { target, customurl, password } = body
  const isReused = flagOf(body['reuse'])
  if (!isGiven(target)) throw new TinygridError('missing_field', { detail: 'Target is missing.' })
  return {
    body: {
      ...given(body, now),
      url: targetOf(target) as string,
      ...(isGiven(customurl) ? { code: trimmed(customurl) as string } : {}),
      ...(isGiven(password) ? { password: password as string } : {}),
    },
    // Whoever wants a password is not shown a link without one.
    reuse: isReused && !isGiven(password) ? 'same' : 'never',
  }
}

/** @param plain the code that the link has @throws TinygridError invalid_field; bad_request */
export function kuttChanges(body: Body, plain: string, now: EpochMs): LinkChangesBody {
  const { target, address, password } = body
  if (isGiven(address) && trimmed(address) !== plain) {
    throw invalid('address', 'A link keeps its address here: make a new one instead')
  }
  const isHidden = typeof password === 'string' && HIDDEN.test(password)
  const changes = {
    ...(isGiven(target) ? { url: targetOf(target) as string } : {}),
    ...given(body, now),
    ...(password === undefined || isHidden
      ? {}
      : { password: isGiven(password) ? (password as string) : null }),
  }
  if (Object.keys(changes).length > 0) return changes
  throw new TinygridError('bad_request', { detail: 'Should at least update one field.' })
}

/** What new links and changes have in common. */
function given({ description, expire_in: lifetime }: Body, now: EpochMs) {
  return {
    ...(isGiven(description) ? { title: trimmed(description) as string } : {}),
    ...(isGiven(lifetime) ? { expiresAt: expiryOf(lifetime, now) } : {}),
  }
}

function targetOf(value: unknown): unknown {
  const target = trimmed(value)
  return typeof target === 'string' && !/^(?:\w+:|\/\/)/.test(target) ? `http://${target}` : target
}

function expiryOf(value: unknown, now: EpochMs): string {
  const text = typeof value === 'string' ? value.trim() : ''
  const [, count, name = ''] = LIFETIME.exec(text) ?? []
  const unit = UNITS.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1]
  if (count === undefined || unit === undefined) {
    throw invalid('expire_in', 'Expire format is invalid. Valid examples: 1m, 8h, 42 days.')
  }
  const ms = Math.round(Number(count) * unit)
  if (ms < LIFETIME_MS_MIN) throw invalid('expire_in', 'Expire time should be more than 1 minute.')
  if (ms > LIFETIME_MS_MAX) throw invalid('expire_in', 'This is longer than a thousand years')
  return formatIsoTime((now + ms) as EpochMs)
}

function flagOf(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 'false') return false
  if (value === true || value === 'true') return true
  throw invalid('reuse', 'Reuse must be boolean.')
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false
}
