/**
 * A stand-in for Tinygrid in the commands' tests: bulk creation, list and export, in memory, over real
 * HTTP, with faults on demand. Like the real one it gives a plain URL the same link again, makes a
 * link with settings anew, and refuses a taken code.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { LinkInput } from '../link-input.ts'
import type { ExportedLink } from '../exported-links.ts'
import { closeAtOnce, listenLocally } from './local-server.ts'

export const KEY = 'the-key'
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** What goes wrong with one bulk request. */
export type Fault =
  | 'refuse-connection'
  /** The links are made, and the answer never arrives. */
  | 'lose-answer'
  | { readonly status: number; readonly retryAfter?: string }
  /** Only these items, by their place in the request, are told to come again. */
  | { readonly busyItems: readonly number[] }

export class SmallServer {
  readonly links: ExportedLink[] = []
  /** Codes that an export tells of as damaged. */
  readonly damaged: string[] = []
  /** Met by the coming bulk requests, one each. */
  readonly faults: (Fault | undefined)[] = []
  /** Links asked for by each bulk request. */
  readonly requests: number[] = []
  /** Told before each bulk request is answered. */
  onRequest: () => void = () => {}
  /** Further domains. */
  domains: readonly string[] = []
  /** Codes are kept in small letters. */
  isFolding = false
  readonly #codes = new Set<unknown>()
  /** Links without a title, by URL. */
  readonly #plain = new Map<string, ExportedLink[]>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  listen(): Promise<string> {
    return listenLocally(this.#server)
  }

  close(): Promise<void> {
    return closeAtOnce(this.#server)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers['x-api-key'] !== KEY) return reply(response, 401, { code: 'unauthorized' })
    const url = new URL(request.url!, 'http://here')
    if (url.pathname === '/api/domains') {
      return reply(response, 200, { default: 'sho.rt', domains: this.domains })
    }
    if (url.pathname === '/api/export') return this.#export(response)
    if (url.pathname.startsWith('/api/links/') && request.method === 'GET') {
      return this.#one(url.pathname.slice('/api/links/'.length), response)
    }
    if (request.method === 'GET') return reply(response, 200, this.#page(url.searchParams))
    const { links } = JSON.parse(await bodyOf(request)) as { links: LinkInput[] }
    this.requests.push(links.length)
    this.onRequest()
    this.#bulk(links, this.faults.shift(), response)
  }

  #bulk(links: readonly LinkInput[], fault: Fault | undefined, response: ServerResponse): void {
    if (fault === 'refuse-connection') response.destroy()
    else if (typeof fault === 'object' && 'status' in fault) {
      reply(response, fault.status, { code: 'busy' }, fault.retryAfter)
    } else {
      const busy = new Set(fault === undefined || fault === 'lose-answer' ? [] : fault.busyItems)
      const results = links.map((link, at) =>
        busy.has(at) ? problem(503, 'mailbox_full') : this.#create(link),
      )
      if (fault === 'lose-answer') response.destroy()
      else reply(response, 200, { results })
    }
  }

  /** Cut off before its end, if that is a fault to come. */
  #export(response: ServerResponse): void {
    const isCut = this.faults.shift() === 'lose-answer'
    for (const link of this.links) response.write(`${JSON.stringify(link)}\n`)
    if (isCut) return void response.end()
    response.end(
      `${JSON.stringify({ end: true, links: this.links.length, damaged: this.damaged })}\n`,
    )
  }

  #one(code: string, response: ServerResponse): void {
    const link = this.links.find((other) => other.code === this.#kept(code))
    if (link === undefined) reply(response, 404, { code: 'not_found' })
    else reply(response, 200, link)
  }

  #kept(code: unknown): unknown {
    return this.isFolding && typeof code === 'string' ? code.toLowerCase() : code
  }

  #create(given: LinkInput) {
    const link = 'code' in given ? { ...given, code: this.#kept(given.code) } : given
    if (typeof link.url !== 'string' || !URL.canParse(link.url))
      return problem(400, 'invalid_field', 'links[0].url')
    const url = new URL(link.url).href
    const same = this.#plain.get(url)?.find((other) => isRepeated(link, other))
    if (same !== undefined) return { status: 200, link: same }
    if (this.#codes.has(link.code)) return problem(409, 'alias_taken')
    const made = exportedLink(url, link, `c${this.links.length}`)
    this.#keep(made)
    return { status: 201, link: made }
  }

  #keep(link: ExportedLink): void {
    this.links.push(link)
    this.#codes.add(link.code)
    if (link.title === null) this.#plain.set(link.url, [...(this.#plain.get(link.url) ?? []), link])
  }

  #page(query: URLSearchParams) {
    const from = Number(query.get('cursor') ?? 0)
    const links = this.links.toReversed().slice(from, from + Number(query.get('limit')))
    const end = from + links.length
    return { links, nextCursor: end < this.links.length ? String(end) : null }
  }
}

/** Whether `other`, plain and of the same URL, answers for `link`: plain, and its code if it has one. */
function isRepeated(link: LinkInput & { reuse?: boolean }, other: ExportedLink): boolean {
  const { code, reuse, url: _url, ...settings } = link
  const isCode = code === undefined || (reuse === true && code === other.code)
  return Object.keys(settings).length === 0 && isCode
}

function exportedLink(url: string, link: LinkInput, generated: string): ExportedLink {
  const code = (link.code as string | undefined) ?? generated
  const now = new Date().toISOString()
  return {
    code,
    shortUrl: `http://short/${code}`,
    url,
    title: (link.title as string | undefined)?.replaceAll('\n', ' ') ?? null,
    tags: (link.tags as string[] | undefined) ?? [],
    createdAt: (link.createdAt as string | undefined) ?? now,
    updatedAt: (link.updatedAt as string | undefined) ?? now,
    expiresAt: (link.expiresAt as string | undefined) ?? null,
    maxVisits: (link.maxVisits as number | undefined) ?? null,
    visits: (link.visits as number | undefined) ?? null,
    isAlias: link.code !== undefined,
    state: (link.state as string | undefined) ?? 'live',
  }
}

function problem(status: number, code: string, field?: string) {
  return { status, error: { code, detail: `no: ${code}`, status, field } }
}

function reply(response: ServerResponse, status: number, body: unknown, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > BODY_BYTES_MAX) throw new Error('body too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}
