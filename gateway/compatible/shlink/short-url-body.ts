/**
 * What Shlink's clients send of a short URL, as a request of our own API has it. Pure.
 *
 * What a field may hold is said there. Refused by name is what would be lost otherwise: a path before the code,
 * targets by device (which have been rules since Shlink 4), and robots of single links. What Shlink does not know
 * is left alone, as it does.
 */
import { TinygridError } from '../../../links/errors.ts'
import type { LinkChangesBody } from '../../api/link-schemas.ts'
import { invalid } from '../../stats/question-request.ts'
import type { NewForeignLink } from '../foreign-links.ts'
import { isoOf } from './shlink-time.ts'

const CODE_LENGTH_MIN = 4
const CODE_LENGTH_MAX = 32

export type Body = Readonly<Record<string, unknown>>

/** @throws TinygridError invalid_field */
export function bodyOf(value: unknown): Body {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  throw new TinygridError('invalid_field', { detail: 'The body must be an object' })
}

/** @param isCrawlable whether programs may follow short links, all of them @throws TinygridError */
export function newShortUrl(body: Body, isCrawlable: boolean): NewForeignLink {
  const { longUrl, customSlug, pathPrefix, findIfExists = false, shortCodeLength } = body
  if (isGiven(pathPrefix)) {
    throw invalid('pathPrefix', 'Codes have no path here: leave pathPrefix out')
  }
  if (typeof findIfExists !== 'boolean') throw invalid('findIfExists', 'This must be true or false')
  if (longUrl === undefined) throw new TinygridError('missing_field', { field: 'longUrl' })
  const changes = changesOf(body, isCrawlable)
  return {
    body: {
      ...changes,
      url: longUrl as string,
      ...(isGiven(customSlug) ? { code: customSlug as string } : {}),
    },
    reuse: findIfExists ? 'same' : 'never',
    codeLength: codeLengthOf(shortCodeLength),
  }
}

/** Fields left out stay as they are. @throws TinygridError */
export function changesOf(body: Body, isCrawlable: boolean): LinkChangesBody {
  const { longUrl, title, tags, validSince, validUntil, maxVisits, forwardQuery } = body
  refuseLost(body, isCrawlable)
  return {
    ...(longUrl === undefined ? {} : { url: longUrl }),
    ...(title === undefined ? {} : { title }),
    ...(tags === undefined ? {} : { tags }),
    ...(validSince === undefined ? {} : { validFrom: isoOf(validSince, 'validSince') }),
    ...(validUntil === undefined ? {} : { expiresAt: isoOf(validUntil, 'validUntil') }),
    ...(maxVisits === undefined ? {} : { maxVisits }),
    ...(forwardQuery === undefined ? {} : { forwardQuery: flagOf(forwardQuery, 'forwardQuery') }),
  } as LinkChangesBody
}

function refuseLost({ crawlable, deviceLongUrls }: Body, isCrawlable: boolean): void {
  if (crawlable !== undefined && flagOf(crawlable, 'crawlable') && !isCrawlable) {
    const detail = 'Whether programs may follow links is one setting here: TINYGRID_ROBOTS'
    throw invalid('crawlable', detail)
  }
  const isObject = typeof deviceLongUrls === 'object' && deviceLongUrls !== null
  if (isObject && Object.values(deviceLongUrls).some(isGiven)) {
    throw invalid('deviceLongUrls', 'Set redirect rules with a condition of type device instead')
  }
}

function codeLengthOf(given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined
  const length = Number(given)
  if (Number.isInteger(length) && length >= CODE_LENGTH_MIN && length <= CODE_LENGTH_MAX)
    return length
  const detail = `shortCodeLength must be a whole number from ${CODE_LENGTH_MIN} to ${CODE_LENGTH_MAX}`
  throw invalid('shortCodeLength', detail)
}

function flagOf(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(field, `${field} must be true or false`)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}
