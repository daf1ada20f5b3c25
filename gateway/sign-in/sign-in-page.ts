/**
 * The page for somebody who could not be signed in.
 */
import type { FastifyReply } from 'fastify'
import type { TinygridError } from '../../links/errors.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'
import { html, HTML_TYPE, page } from '../pages/page.ts'
import { SIGN_IN_FAILURES, SignInFailure } from './sign-in-failure.ts'

/** @param again where a sign-in begins */
export function sendSignInPage(
  reply: FastifyReply,
  error: TinygridError,
  again: string,
): FastifyReply {
  const { retryAfterSeconds } = error
  const { heading, text } = wordsOf(error)
  const content = html`<p class="status">${String(error.status)}</p>
    <h1>${heading}</h1>
    <p>${text}</p>
    <p><a href="${again}">Sign in again</a></p>`
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  return reply
    .code(error.status)
    .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
    .type(HTML_TYPE)
    .send(page({ title: heading, content }))
}

function wordsOf(error: TinygridError): { readonly heading: string; readonly text: string } {
  if (error instanceof SignInFailure) return SIGN_IN_FAILURES[error.reason]
  if (error.code === 'rate_limited') {
    return { heading: 'Too many attempts', text: 'Wait a minute, then try again.' }
  }
  if (error.status < 500) return SIGN_IN_FAILURES.bad_return
  const text = 'People cannot be signed in at the moment. Try again in a minute.'
  return { heading: 'Not available right now', text }
}
