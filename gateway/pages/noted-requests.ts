/**
 * Notes the clicks that come through Node's HTTP server, as the fast path notes its own.
 *
 * Used by the redirect route, after it has answered. A request that asks for the head alone is no
 * click. An address that is no code, and a failure of ours, is none either.
 */
import type { IncomingMessage } from 'node:http'
import type { ClickNotes } from '../../clicks/ring/click-ring.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { RedirectStatus } from '../../links/link.ts'
import type { Target } from '../http/redirect-form.ts'

interface Noting {
  readonly clicks: ClickNotes | undefined
  readonly now: () => EpochMs
}

/** A visitor was sent to `target`. */
export function noteVisit(
  { clicks, now }: Noting,
  { method, url, rawHeaders, socket }: IncomingMessage,
  code: Code,
  status: RedirectStatus | 303,
  target: string,
): void {
  if (method === 'HEAD') return
  clicks?.note(code, now(), status, socket.remoteAddress ?? '', rawHeaders, url!, target)
}

/** A visitor was sent where the link's owner decided, by one of its rules or without. */
export function noteDecidedVisit(
  noting: Noting,
  request: IncomingMessage,
  code: Code,
  status: RedirectStatus | 303,
  { url, rule }: Target,
): void {
  if (rule === undefined) return noteVisit(noting, request, code, status, url)
  if (request.method === 'HEAD') return
  const { clicks, now } = noting
  const { socket, rawHeaders, url: path } = request
  const address = socket.remoteAddress ?? ''
  clicks?.noteRuled(code, now(), status, address, rawHeaders, path!, url, rule)
}

/** A visitor was told why there is no such link, if that was the reason. */
export function noteOrphan(
  { clicks, now }: Noting,
  { method, url, rawHeaders, socket }: IncomingMessage,
  code: Code,
  reason: unknown,
): void {
  if (method === 'HEAD' || !(reason instanceof TinygridError)) return
  const { status } = reason
  if (status !== 404 && status !== 410) return
  clicks?.noteOrphan(code, now(), status, socket.remoteAddress ?? '', rawHeaders, url!)
}
