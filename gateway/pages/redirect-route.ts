/**
 * `GET /:code`, with or without a slash at the end: where a redirect is answered.
 *
 * A code in memory is answered in the same turn, through Node's response directly: no promise, no
 * hook, no log line, no header but those below (the fast path answers byte for byte alike). The
 * gateway asks `redirect-at-once.ts` even before Fastify looks for a route, which costs as much as the
 * rest of a redirect. What another node or the store has to answer comes through there too, when it
 * is a redirect. Everything else, a link that must be counted, a page, comes through the route and
 * may take its time.
 *
 * Who presents the API key is told who answered, in X-Tinygrid-Source. That needs `find`, and the
 * route.
 *
 * Fastify's own `reply.send` was tried: it costs a quarter of the throughput.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { Lookup } from '../../links/link.ts'
import { redirectOfVisit, type LinkOwner, type Source } from '../../links/link-owner.ts'
import { isKeyed, type KeyCheck } from '../api/authentication.ts'
import { unblocked } from '../blocking/blocked-target.ts'
import type { ErrorReplies } from '../http/error-reply.ts'
import type { Fallback } from './fallback.ts'
import { noteDecidedVisit, noteOrphan } from './noted-requests.ts'
import { answerPasserBy, passerBy, type PasserBy } from './passer-by.ts'
import { previewedCode, sendPreview } from './preview.ts'
import type { PublicAddress } from '../http/public-address.ts'
import type { RedirectCounters } from './redirect-counters.ts'
import type { Target } from '../http/redirect-form.ts'
import { fullCodeIn, redirect, type HotOptions } from './redirect-at-once.ts'
import { sendRedirect, SOURCE_HEADER } from './redirect-reply.ts'
import { codeOfTarget } from '../http/request-target.ts'
import type { RequestTimes } from '../http/request-times.ts'
import { sendPasswordPage } from '../passwords/password-page.ts'
import { decidedTarget } from './decided-target.ts'
import type { VisitorFacts } from './visitor-facts.ts'
import { isForPrograms } from './not-found.ts'
import { goneError, visitorError } from './visitor-pages.ts'

export interface RedirectOptions extends HotOptions {
  readonly errors: ErrorReplies
  readonly fallback: Fallback
  readonly address: PublicAddress
  readonly times: RequestTimes
  readonly keys: KeyCheck
  readonly visitors: VisitorFacts
}

/** Its password has to be asked for. */
const PROTECTED = 'protected'

export function redirectRoute(app: FastifyInstance, options: RedirectOptions): void {
  const { owner, now, counters, blocked } = options
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const plain = codeOfTarget(request.raw.url!)
    if (plain === undefined) return answerOther(options, request, reply)
    const code = fullCodeIn(options, plain, request.raw)
    if (isKeyed(options.keys, request)) return answerKeyed(options, request, reply, code)
    const found = owner.lookup(code, now())
    if (found.kind !== 'redirect' || blocked.has(found.url)) {
      return answerSlowly(options, request, reply, code, found)
    }
    counters.found++
    return redirect(options, request.raw, reply.raw, code, found)
  }
  const settings = { exposeHeadRoute: false, schema: { hide: true } }
  app.route({ method: ['GET', 'HEAD'], url: '/:code', ...settings, handler })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/:code/',
    ...settings,
    // Where the service has an address of its own, what it does not know there is no code.
    handler: (request, reply) =>
      isForPrograms(request) ? reply.callNotFound() : handler(request, reply),
  })
}

async function answerOther(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const previewed = previewedCode(request.raw.url!)
  if (previewed !== undefined) {
    return sendPreview(options, request, reply, fullCodeIn(options, previewed, request.raw))
  }
  options.counters.absent++
  return options.errors.sendPage(request, reply, new TinygridError('not_found'))
}

/** What could not be answered from memory in the same turn; its time is measured. */
async function answerSlowly(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
  known: Lookup,
): Promise<FastifyReply> {
  const isHead = request.method === 'HEAD'
  return timed(options, request, reply, code, async () => {
    let found = known
    if (known.kind === 'unknown') found = (await options.owner.find(code)).lookup
    if (found.kind === 'protected') return PROTECTED
    const who = await passerByOf(options, request, code, found)
    if (who !== undefined) return who
    const target = await targetFor(options, request, code, found, isHead)
    if (known.kind === 'unknown' && found.kind === 'redirect') options.counters.late++
    return { target }
  })
}

/** Like a visitor's answer, with the source, also of a 404 or 410. */
async function answerKeyed(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
): Promise<FastifyReply> {
  const isHead = request.method === 'HEAD'
  return timed(options, request, reply, code, async () => {
    const { lookup, source } = await options.owner.find(code)
    reply.header(SOURCE_HEADER, source)
    if (lookup.kind === 'protected') return PROTECTED
    const who = await passerByOf(options, request, code, lookup)
    if (who !== undefined) return who
    const target = await targetFor(options, request, code, lookup, isHead)
    if (lookup.kind === 'redirect') options.counters.late++
    return { target, source }
  })
}

async function timed(
  options: RedirectOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
  prepare: () => Promise<{ target: Target; source?: Source } | typeof PROTECTED | PasserBy>,
): Promise<FastifyReply> {
  const { counters, errors, fallback, times } = options
  const startedAt = times.start()
  void request.raw.socket.remoteAddress // is remembered by Node, when the socket is gone
  try {
    const prepared = await prepare()
    if (prepared === PROTECTED) await sendPasswordPage(reply)
    else if (typeof prepared === 'string') {
      await answerPasserBy(options, prepared, request, reply, code)
      counters.passing++
    } else {
      const { target, source } = prepared
      reply.hijack()
      const status = sendRedirect(options, request.raw, reply.raw, target, source)
      noteDecidedVisit(options, request.raw, code, status, target)
    }
  } catch (error) {
    count(counters, error)
    noteOrphan(options, request.raw, code, error)
    if (!fallback.send(request, reply, code, error)) errors.sendPage(request, reply, error)
  }
  times.end(startedAt, 'GET', '/:code', reply.raw.statusCode)
  return reply
}

/** Who is not to use up a visit, if the link has few; undefined: a visitor, or a link for all. */
async function passerByOf(
  { owner }: RedirectOptions,
  { headers }: FastifyRequest,
  code: Code,
  { kind }: Lookup,
): Promise<PasserBy | undefined> {
  const who = kind === 'metered' || kind === 'ruled' ? passerBy(headers) : undefined
  if (who === undefined || kind === 'metered') return who
  const link = await owner.read(code)
  return link === undefined || link.maxVisits === null ? undefined : who
}

/** Where to send the visitor, after a logged visit if it takes one. Throws what stops it. */
async function targetFor(
  options: RedirectOptions,
  request: FastifyRequest,
  code: Code,
  found: Lookup,
  isHead: boolean,
): Promise<Target> {
  const { owner, counters, blocked } = options
  if (found.kind === 'redirect') return unblocked(options, found)
  if (found.kind === 'ruled') return decidedTarget(options, request, code, !isHead)
  if (found.kind !== 'metered') throw visitorError(found)
  if (isHead) return unblocked(options, await targetWithoutVisit(owner, code))
  // Who is sent nowhere uses up nothing.
  if (!blocked.isEmpty) unblocked(options, await targetWithoutVisit(owner, code))
  const target = await targetOfVisit(owner, code)
  counters.metered++
  return unblocked(options, target)
}

async function targetOfVisit(owner: LinkOwner, code: Code): Promise<Target> {
  const result = await owner.write({ kind: 'visit', code })
  if (result.kind === 'redirect') return { ...result, isDecidedAnew: true }
  throw result.kind === 'gone'
    ? goneError(result.reason, result.url)
    : new TinygridError('link_not_found')
}

async function targetWithoutVisit(owner: LinkOwner, code: Code): Promise<Target> {
  const link = await owner.read(code)
  if (link === undefined) throw new TinygridError('link_not_found')
  return { ...redirectOfVisit(link), isDecidedAnew: true }
}

function count(counters: RedirectCounters, error: unknown): void {
  if (!(error instanceof TinygridError) || error.status >= 500) counters.failed++
  else if (error.status === 410) counters.gone++
  else if (error.code === 'target_blocked') counters.blocked++
  else counters.absent++
}
