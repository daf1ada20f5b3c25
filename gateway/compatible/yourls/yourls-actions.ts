/**
 * What YOURLS' interface can be asked: shorten, expand, and a few statistics.
 *
 * Answers have the fields and words of YOURLS, since clients compare them. What it keeps and this does not, the
 * address of who made a link, is empty. Links are counted up to COUNTED_MAX.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../../links/errors.ts'
import { plainCodeOf } from '../../../links/full-code.ts'
import { parseCode } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import { LIST_LIMIT_MAX } from '../../../links/link-owner.ts'
import { callerOf, filtersWithin, listedWithin } from '../../api/caller.ts'
import { mayAct } from '../../api/route-roles.ts'
import { codeOfShortUrl } from '../../api/short-url.ts'
import { analyticsOf } from '../../stats/click-context.ts'
import { mostVisited } from '../../stats/most-visited.ts'
import type { VisitsOf } from '../../stats/link-visits.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { ForeignLinks } from '../foreign-links.ts'
import { everything, totalsOf } from '../shlink/visit-counts.ts'
import { visitsOfLinks } from '../visits-of-links.ts'
import type { AnswerFields, YourlsAnswer } from './yourls-answer.ts'

const COUNTED_MAX = 10_000
const LISTED_MAX = 1_000
const START_MAX = 10_000
/** YOURLS' own, as far as clients ask. */
const VERSION_LIKE = '1.10.4'
const DB_VERSION_LIKE = '507'
const NEED_XML = 'Need either XML or JSON format for stats'
const NOT_FOUND = 'Error: short URL not found'
const SHOWN_URL_MAX = 60

export type Parameters = Readonly<Record<string, string>>

export class YourlsActions {
  readonly #context: ForeignContext
  readonly #links: ForeignLinks

  constructor(context: ForeignContext) {
    this.#context = context
    this.#links = new ForeignLinks(context)
  }

  /** @throws TinygridError as our own API does */
  async answer(
    request: FastifyRequest,
    given: Parameters,
    signal: AbortSignal,
  ): Promise<YourlsAnswer> {
    switch (given['action']) {
      case 'shorturl':
        return this.#shorten(request, given)
      case 'expand':
        return this.#expand(request, given['shorturl'] ?? '')
      case 'url-stats':
        return this.#statsOfUrl(request, given['shorturl'] ?? '')
      case 'stats':
        return this.#stats(request, given, signal)
      case 'db-stats': {
        const stats = await this.#totals(request, signal)
        const fields = { 'db-stats': stats, statusCode: '200', message: 'success' }
        return { fields, simple: NEED_XML }
      }
      case 'version': {
        const db: AnswerFields = given['db'] === '1' ? { db_version: DB_VERSION_LIKE } : {}
        return { fields: { version: VERSION_LIKE, ...db }, simple: VERSION_LIKE }
      }
      default: {
        const message = 'Unknown or missing "action" parameter'
        return { fields: { errorCode: '400', message }, simple: message }
      }
    }
  }

  async #shorten(request: FastifyRequest, given: Parameters): Promise<YourlsAnswer> {
    const caller = callerOf(request)
    if (caller === undefined || !mayAct(caller.role, 'create')) {
      throw new TinygridError('forbidden', { detail: 'This needs a key with the role create' })
    }
    const { url = '', keyword = '', title = '' } = given
    const body = {
      url,
      ...(keyword === '' ? {} : { code: keyword }),
      ...(title === '' ? {} : { title }),
    }
    const reuse = keyword === '' ? 'same' : 'never'
    const { link, isNew } = await this.#links.create(request, { body, reuse })
    const shorturl = this.#context.address.shortUrl(request, link.code)
    const told = {
      keyword: plainCodeOf(link.code),
      url: link.url,
      title: titleOf(link),
      date: dateOf(link),
      ip: '',
    }
    if (isNew) {
      const fields = {
        status: 'success',
        code: '',
        message: `${shownUrl(link)} added to database`,
        errorCode: '',
        statusCode: '200',
        url: told,
        title: titleOf(link),
        shorturl,
      }
      return { fields, simple: shorturl }
    }
    const fields = {
      status: 'fail',
      code: 'error:url',
      message: `${shownUrl(link)} already exists in database (short URL: ${shorturl.replace(/^https?:\/\//, '')})`,
      errorCode: '400',
      statusCode: '400',
      url: { ...told, clicks: (await visitsOfLinks(this.#context, [link]))(link.code) ?? 0 },
      title: titleOf(link),
      shorturl,
    }
    return { fields, simple: shorturl }
  }

  async #expand(request: FastifyRequest, shorturl: string): Promise<YourlsAnswer> {
    const link = await this.#find(request, shorturl)
    if (link === undefined) {
      const fields = { keyword: keywordOf(shorturl), message: NOT_FOUND, errorCode: '404' }
      return { fields, simple: 'not found' }
    }
    const fields = {
      keyword: plainCodeOf(link.code),
      shorturl: this.#context.address.shortUrl(request, link.code),
      longurl: link.url,
      title: titleOf(link),
      message: 'success',
      statusCode: '200',
    }
    return { fields, simple: link.url }
  }

  async #statsOfUrl(request: FastifyRequest, shorturl: string): Promise<YourlsAnswer> {
    const link = await this.#find(request, shorturl)
    if (link === undefined) {
      return { fields: { statusCode: '404', message: NOT_FOUND }, simple: NEED_XML }
    }
    const visits = await visitsOfLinks(this.#context, [link])
    const fields = {
      statusCode: '200',
      message: 'success',
      link: this.#statsOf(request, link, visits),
    }
    return { fields, simple: NEED_XML }
  }

  async #stats(
    request: FastifyRequest,
    given: Parameters,
    signal: AbortSignal,
  ): Promise<YourlsAnswer> {
    const { filter = 'top' } = given
    const limit = Math.min(LISTED_MAX, countOf(given['limit']))
    const start = countOf(given['start'])
    if (!['top', 'last', ''].includes(filter)) {
      const message = 'filter may be top or last here: links have no other order'
      return { fields: { errorCode: '400', message }, simple: message }
    }
    const found = limit === 0 ? [] : await this.#listed(request, { filter, start, limit }, signal)
    const visits = await visitsOfLinks(this.#context, found)
    const links = Object.fromEntries(
      found.map((link, index) => [`link_${index + 1}`, this.#statsOf(request, link, visits)]),
    )
    const fields = {
      ...(found.length === 0 ? {} : { links }),
      stats: await this.#totals(request, signal),
      statusCode: '200',
      message: 'success',
    }
    return { fields, simple: NEED_XML }
  }

  async #listed(
    request: FastifyRequest,
    { filter, start, limit }: { filter: string; start: number; limit: number },
    signal: AbortSignal,
  ): Promise<readonly Link[]> {
    const within = listedWithin(request)
    const { directory, owner } = this.#context
    if (filter !== 'last') {
      const cursor = start === 0 ? {} : { cursor: `v${start}` }
      const query = { ...within, limit, ...cursor, signal }
      return (await mostVisited(analyticsOf(this.#context), owner, query)).links
    }
    if (start > START_MAX) {
      const detail = `start must be at most ${START_MAX}`
      throw new TinygridError('invalid_field', { field: 'start', detail })
    }
    const links: Link[] = []
    let cursor: string | null | undefined
    while (links.length < start + limit && cursor !== null && !signal.aborted) {
      const page = await directory.list({
        ...within,
        limit: LIST_LIMIT_MAX,
        ...(cursor && { cursor }),
        signal,
      })
      links.push(...page.links)
      cursor = page.nextCursor
    }
    return links.slice(start, start + limit)
  }

  async #totals(request: FastifyRequest, signal: AbortSignal): Promise<AnswerFields> {
    const { directory, now } = this.#context
    let links = 0
    let cursor: string | null | undefined
    while (links < COUNTED_MAX && cursor !== null && !signal.aborted) {
      const page = await directory.list({
        ...listedWithin(request),
        limit: LIST_LIMIT_MAX,
        ...(cursor && { cursor }),
        signal,
      })
      links += page.links.length
      cursor = page.nextCursor
    }
    const all = { ...everything(now()), filters: filtersWithin(request) }
    const asked = analyticsOf(this.#context).ask(totalsOf(all), signal)
    return { total_links: links, total_clicks: (await asked).totals.clicks }
  }

  /** By its short URL or its code alone; undefined: there is none that is live. */
  async #find(request: FastifyRequest, shorturl: string): Promise<Link | undefined> {
    const code = codeOfShortUrl(shorturl, this.#context.address.own(request)) ?? parseCode(shorturl)
    if (code === undefined) return undefined
    return this.#links.live(request, code).catch((error: unknown) => {
      if (error instanceof TinygridError && error.code === 'link_not_found') return undefined
      throw error
    })
  }

  #statsOf(request: FastifyRequest, link: Link, visits: VisitsOf): AnswerFields {
    return {
      shorturl: this.#context.address.shortUrl(request, link.code),
      url: link.url,
      title: titleOf(link),
      timestamp: dateOf(link),
      ip: '',
      clicks: visits(link.code) ?? 0,
    }
  }
}

/** YOURLS has a title for each. */
function titleOf({ title, url }: Link): string {
  return title ?? url
}

function dateOf({ createdAt }: Link): string {
  return new Date(createdAt).toISOString().slice(0, 19).replace('T', ' ')
}

function shownUrl({ url }: Link): string {
  return url.length <= SHOWN_URL_MAX ? url : `${url.slice(0, SHOWN_URL_MAX - 5)}[...]`
}

/** As YOURLS repeats it: what no keyword may have left out. */
function keywordOf(shorturl: string): string {
  return shorturl
    .slice(shorturl.lastIndexOf('/') + 1)
    .replaceAll(/[^A-Za-z0-9_-]/g, '')
    .slice(0, 64)
}

function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}
