/**
 * The page that asks for the password of a link. It tells nothing of the link but that it has one.
 *
 * A form without a script: it is sent to the address at which it stands, with the query of the visitor.
 * Its content security policy does not name where forms may lead (`form-action`): browsers hold the
 * redirect that answers the form to it too, and that may lead anywhere.
 */
import type { FastifyReply } from 'fastify'
import { html, HTML_TYPE, page } from '../pages/page.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'

export const PASSWORD_FIELD = 'password'

const POLICY = SECURITY_HEADERS['content-security-policy'].replace("form-action 'self'; ", '')

const PASSWORD_PAGE_HEADERS = Object.freeze({
  ...SECURITY_HEADERS,
  'content-security-policy': POLICY,
  'cache-control': 'no-store',
})

/** Asks for the password. @param isWrong whether the one that was sent is not it */
export function sendPasswordPage(reply: FastifyReply, isWrong = false): FastifyReply {
  return reply.headers(PASSWORD_PAGE_HEADERS).type(HTML_TYPE).send(passwordPage(isWrong))
}

function passwordPage(isWrong: boolean): string {
  const heading = 'This link is protected'
  const field = isWrong
    ? html`<p class="wrong" id="wrong" role="alert">This is not the password. Try again.</p>
        <input
          id="password"
          name="${PASSWORD_FIELD}"
          type="password"
          autocomplete="current-password"
          aria-invalid="true"
          aria-describedby="wrong"
          required
          autofocus
        />`
    : html`<input
        id="password"
        name="${PASSWORD_FIELD}"
        type="password"
        autocomplete="current-password"
        required
        autofocus
      />`
  return page({
    title: isWrong ? `Wrong password – ${heading}` : heading,
    content: html`<h1>${heading}</h1>
      <p>Enter its password to go on.</p>
      <form method="post">
        <label for="password">Password</label>
        ${field}
        <button>Go on</button>
      </form>`,
  })
}
