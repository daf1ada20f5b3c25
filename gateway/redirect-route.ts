/**
 * `GET /:code`: where a redirect is answered.
 *
 * A code in memory is answered in the same turn, through Node's response directly: no promise, no
 * hook, no log line, no header but those below (the fast path answers byte for byte alike). The
 * gateway asks `redirectAtOnce` even before Fastify looks for a route, which costs as much as the
 * rest of a redirect. Everything else, a link that must be read or counted, a page, comes through
 * the route and may take its time.
 *
 * Fastify's own `reply.send` was tried: it costs a quarter of the throughput.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../cluster/errors.ts'
import { parseCode, type Code, type EpochMs } from '../cluster/ids.ts'
import { lookupOf, type Lookup } from '../cluster/link.ts'
import type { LinkOwner } from '../cluster/protocol.ts'
import type { ErrorReplies } from './error-reply.ts'
import { previewedCode, sendPreview } from './preview.ts'
import type { PublicAddress } from './public-address.ts'
import type { RedirectCounters } from './redirect-counters.ts'
import { pathOfTarget } from './request-target.ts'
import type { RequestTimes } from './request-times.ts'
import { goneError, visitorError } from './visitor-error.ts'

export interface RedirectOptions {
  readonly owner: LinkOwner
  readonly now: () => EpochMs
  readonly counters: RedirectCounters
  readonly errors: ErrorReplies
  readonly address: PublicAddress
  readonly times: RequestTimes
}

export function redirectRoute(app: FastifyInstance, options: RedirectOptions): void {
  const { owner, now, counters } = options
  app.route({
    method: ['GET', 'HEAD'],
    url: '/:code',
    exposeHeadRoute: false,
    schema: { hide: true },
    handler(request, reply) {
      const code = codeOf(request.raw.url!)
      if (code === undefined) return answerOther(options, request, reply)
      const found = owner.lookup(code, now())
      if (found.kind === 'redirect') return redirectFound(counters, reply.raw, found.url)
      return answerSlowly(options, request, reply, code, found)
    },
  })
}

/** Answers if the code is in memory and its link redirects; otherwise does nothing. */
export function redirectAtOnce(
  { owner, now, counters }: Pick<RedirectOptions, 'owner' | 'now' | 'counters'>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const code = codeOf(url!)
  if (code === undefined) return false
  const found = owner.lookup(code, now())
  if (found.kind !== 'redirect') return false
  redirectFound(counters, response, found.url)
  return true
}

function redirectFound(counters: RedirectCounters, response: ServerResponse, url: string): void {
  counters.found++
  redirect(response, url)
}

/**
 * The code that the target of a request names. Read from the raw target, not from the decoded
 * parameter: `/%61bc` is no other spelling of `/abc`, so a link has one address.
 */
function codeOf(target: string): Code | undefined {
  return parseCode(pathOfTarget(target).slice(1))
}

/** Node adds Date, Connection and Keep-Alive. */
function redirect(response: ServerResponse, url: string): void {
  response.writeHead(302, {
    Location: url,
    'Cache-Control': 'private, max-age=0',
    'Content-Length': '0',
  })
  response.end()
}

async function answerOther(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const previewed = previewedCode(request.raw.url!)
  if (previewed !== undefined) return sendPreview(options, request, reply, previewed)
  options.counters.absent++
  return options.errors.sendPage(request, reply, new TinygridError('not_found'))
}

/** What could not be answered from memory in the same turn; its time is measured. */
async function answerSlowly(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
  found: Lookup,
): Promise<FastifyReply> {
  const { counters, errors, times } = options
  const startedAt = times.start()
  try {
    const url = await urlFor(options, code, found, request.method === 'HEAD')
    reply.hijack()
    redirect(reply.raw, url)
  } catch (error) {
    count(counters, error)
    errors.sendPage(request, reply, error)
  }
  times.end(startedAt, 'GET', '/:code', reply.raw.statusCode)
  return reply
}

/** The URL to redirect to, after what it takes: a read, a logged visit. Throws what stops it. */
async function urlFor(
  { owner, now, counters }: RedirectOptions,
  code: Code,
  found: Lookup,
  isHead: boolean,
): Promise<string> {
  if (found.kind === 'unknown') {
    const link = await owner.read(code)
    found = lookupOf(link, now())
    if (found.kind === 'redirect') counters.readThrough++
  }
  if (found.kind === 'redirect') return found.url
  if (found.kind !== 'metered') throw visitorError(found)
  if (isHead) return urlWithoutVisit(owner, code)
  const url = await urlOfVisit(owner, code)
  counters.metered++
  return url
}

async function urlOfVisit(owner: LinkOwner, code: Code): Promise<string> {
  const result = await owner.write({ kind: 'visit', code })
  if (result.kind === 'redirect') return result.url
  throw result.kind === 'gone' ? goneError(result.reason) : new TinygridError('link_not_found')
}

async function urlWithoutVisit(owner: LinkOwner, code: Code): Promise<string> {
  const link = await owner.read(code)
  if (link === undefined) throw new TinygridError('link_not_found')
  return link.url
}

function count(counters: RedirectCounters, error: unknown): void {
  if (!(error instanceof TinygridError) || error.status >= 500) counters.failed++
  else if (error.status === 410) counters.gone++
  else counters.absent++
}
