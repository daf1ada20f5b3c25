/**
 * Finds out which links an earlier try has already made, so that none is made twice.
 *
 * When an answer is lost (a server restart, a killed import), sending again is harmless for a plain
 * link, with a code of its own or without, and for a link as it was: the server gives the same link. One with settings would
 * be made a second time, or be refused because its code is taken. So the newest links are read back
 * to the time of the first try, and what equals a link of the chunk counts as made.
 *
 * Where the server keeps codes in small letters, a link is found under its code in them; whether it does
 * is asked once, and only where it matters.
 *
 * One limit: of two equal links with settings and no code, sent a moment apart, the second may be
 * answered with the first. Rejected: an idempotency key, which the server would have to keep.
 */
import { assertAccepted, Unreachable, type ApiClient, type ApiReply } from './api-client.ts'
import { linkPath } from './link-path.ts'
import type { ListedLink } from './exported-links.ts'
import { foldCode } from '../links/code-case.ts'
import type { Code } from '../links/ids.ts'
import { LINE_BREAKS } from '../links/link-fields.ts'
import { writtenUrl } from '../links/target-url.ts'
import { OPTION_NAMES } from '../links/link-options.ts'
import { hasPast, type LinkInput } from './link-input.ts'

/** 200,000 links newer than the first try: more were made by others in between; then it is left. */
const PAGES_MAX = 200
const PAGE_LINKS = 1000

export interface CreatedLink {
  readonly code: string
  readonly domain?: string
  readonly shortUrl: string
}

/**
 * The links among `links` that were made at or after `sinceMs`, by their place in the list. Plain
 * links are left out: they need no looking up.
 *
 * @throws Unreachable
 */
export async function findCreated(
  client: ApiClient,
  links: readonly LinkInput[],
  sinceMs: number,
): Promise<Map<number, CreatedLink>> {
  const unsettled = links.map((link) => (isPlain(link) ? undefined : link))
  const wanted = placesOf(unsettled)
  const folded = placesOf(unsettled.map(foldedOf))
  const created = new Map<number, CreatedLink>()
  if (wanted.size === 0) return created
  let isFolding: boolean | undefined
  for await (const link of newestLinks(client, sinceMs)) {
    const key = keyOf(link)!
    let at = wanted.get(key)?.shift()
    const place = folded.get(key)?.[0]
    if (at === undefined && place !== undefined) {
      isFolding ??= await findsCode(client, links[place]!.code as string, link)
      if (isFolding) at = folded.get(key)!.shift()
    }
    at ??= wanted.get(keyOf({ ...link, code: undefined })!)?.shift()
    if (at !== undefined) created.set(at, link)
  }
  return created
}

/** Where links that look alike stand in the list. */
function placesOf(links: readonly (LinkInput | undefined)[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [at, link] of links.entries()) {
    const key = link && keyOf(link)
    if (key !== undefined) places.set(key, [...(places.get(key) ?? []), at])
  }
  return places
}

/** A link as a server without regard to case would keep it, where that differs. */
function foldedOf(link: LinkInput | undefined): LinkInput | undefined {
  if (typeof link?.code !== 'string') return undefined
  const code = foldCode(link.code as Code)
  return code === link.code ? undefined : { ...link, code }
}

/** Whether the server takes the one code for the other. */
async function findsCode(client: ApiClient, asked: string, kept: CreatedLink): Promise<boolean> {
  const reply = await client.call('GET', linkPath(asked, kept.domain))
  if (reply.status === 404) return false
  assertAccepted(reply, client)
  if (reply.status !== 200) throw new Unreachable(`a link answers with status ${reply.status}`)
  return (reply.body as Partial<CreatedLink> | undefined)?.code === kept.code
}

async function* newestLinks(client: ApiClient, sinceMs: number): AsyncGenerator<ListedLink> {
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const { links, nextCursor } = await listPage(client, cursor)
    for (const link of links) {
      if (Date.parse(link.createdAt) < sinceMs) return
      yield link
    }
    if (nextCursor === null) return
    cursor = nextCursor
  }
}

/** Whether the server answers a second request for it with the same link. */
function isPlain(link: LinkInput): boolean {
  if (hasPast(link)) return true
  const { url: _url, code: _code, domain: _domain, ...settings } = link
  return Object.values(settings).every((value) => value === undefined)
}

/** Equal for links that look alike, as the server keeps them. undefined: it cannot exist. */
function keyOf(link: LinkInput & Pick<ListedLink, 'hasPassword'>): string | undefined {
  if (typeof link.url !== 'string' || !URL.canParse(link.url)) return undefined
  const url = writtenUrl(new URL(link.url))
  const domain = typeof link.domain === 'string' ? link.domain.toLowerCase() : null
  if (typeof link.code === 'string') return JSON.stringify([url, domain, link.code])
  const title = typeof link.title === 'string' ? link.title.replaceAll(LINE_BREAKS, ' ').trim() : ''
  const tags = Array.isArray(link.tags) ? link.tags.map((tag) => String(tag).trim()).sort() : []
  const expiresAt = typeof link.expiresAt === 'string' ? Date.parse(link.expiresAt) : 0
  const options = OPTION_NAMES.filter((name) => name !== 'passwordHash').map((name) => {
    return asKept(link[name])
  })
  const limits = [expiresAt, link.maxVisits ?? null]
  const isProtected = typeof link.password === 'string' || link.hasPassword === true
  return JSON.stringify([
    url,
    domain,
    title,
    [...new Set(tags)],
    ...limits,
    ...options,
    isProtected,
  ])
}

/** An option as the server keeps it, however it was written. */
function asKept(value: unknown): unknown {
  // Rules may be written in many ways: it is enough that there are as many.
  if (Array.isArray(value)) return value.length || null
  if (typeof value !== 'string') return value ?? null
  if (URL.canParse(value)) return new URL(value).href
  const time = Date.parse(value)
  return Number.isNaN(time) ? value : time
}

interface ListPage {
  readonly links: readonly ListedLink[]
  readonly nextCursor: string | null
}

/** One page, from one try. @throws Unreachable when it cannot be had just now */
async function listPage(client: ApiClient, cursor: string | null): Promise<ListPage> {
  return pageOf(await client.call('GET', pathOf(cursor)), client)
}

function pathOf(cursor: string | null): string {
  const after = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
  return `/api/links?limit=${PAGE_LINKS}${after}`
}

function pageOf(reply: ApiReply, client: ApiClient): ListPage {
  assertAccepted(reply, client)
  const page = reply.body as Partial<ListPage> | undefined
  if (reply.status === 200 && Array.isArray(page?.links)) return page as ListPage
  throw new Unreachable(`the list answers with status ${reply.status}`)
}
