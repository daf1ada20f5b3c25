/**
 * What a server would say of a link of an import, as far as that can be told without one.
 *
 * Used by the dry run. The parsers are those of the server (`links/`), under its default settings: one that
 * allows other schemes or longer URLs takes more. Whether a code is taken there only the server knows.
 */
import { TinygridError } from '../links/errors.ts'
import {
  parseGivenLifecycle,
  parseMaxVisits,
  parseNewCode,
  parsePast,
  parseTags,
  parseTitle,
} from '../links/link-fields.ts'
import { URL_BYTES_DEFAULT } from '../links/link.ts'
import { WEB_SCHEMES } from '../links/target-schemes.ts'
import { parseTargetUrl } from '../links/target-url.ts'
import { hasPast, type ItemFailure, type LinkInput } from './link-input.ts'

const TARGETS = { schemes: WEB_SCHEMES, bytesMax: URL_BYTES_DEFAULT }

/** undefined: it would be taken. */
export function faultOfLink(link: LinkInput, now: number): ItemFailure | undefined {
  try {
    parseTargetUrl(link.url, TARGETS)
    parseTitle(link.title ?? null)
    parseTags(link.tags ?? [])
    const isPast = hasPast(link)
    if (link.code !== undefined || isPast) parseNewCode(link.code)
    if (isPast) checkPast(link)
    else if (timeOf(link.expiresAt) <= now) throw wrong('expiresAt', 'It has expired')
    parseMaxVisits(link.maxVisits ?? null)
    return undefined
  } catch (error) {
    if (!(error instanceof TinygridError)) throw error
    const { code, field, message: detail } = error
    return { code, detail, ...(field === undefined ? {} : { field }) }
  }
}

function checkPast({ createdAt, updatedAt, maxVisits, visits, state }: LinkInput): void {
  const created = timeOf(createdAt)
  if (!Number.isFinite(created)) throw wrong('createdAt', 'A link as it was needs a createdAt')
  const updated = updatedAt === undefined ? created : timeOf(updatedAt)
  parsePast({
    createdAt: created,
    updatedAt: updated,
    maxVisits: maxVisits ?? null,
    visits: visits ?? 0,
  })
  parseGivenLifecycle(state ?? 'live')
}

/** Infinity: there is none, or it is one that the server has to judge. */
function timeOf(value: unknown): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? Infinity : time
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
