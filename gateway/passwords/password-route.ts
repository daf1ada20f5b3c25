/**
 * `POST /:code`: the password of a link, as its form sends it.
 *
 * The gateway checks it, by the hash that the owner of the link gives it: a hash never leaves the nodes of
 * the cluster, which have it in their log anyway, and who tries passwords keeps gateways busy, not the one
 * owner of a link. Only after a right one the owner is asked where the visitor goes, and counts the visit. Neither
 * near cache nor fallback are asked. The answer is 303 whatever the link says: after any other status a browser
 * may send the password on to the target. Nobody may keep it.
 *
 * Nothing is known of a visitor but what he sends, so a form that another page sends in his name gains
 * that page nothing. Rejected: a cookie after the right password, which would have to be kept secret and ended.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { plainCodeOf } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import { spelt } from '../../links/password-hash.ts'
import { codeOfTarget } from '../http/request-target.ts'
import { prefersData } from '../http/error-reply.ts'
import { clientAddress } from '../http/client-address.ts'
import { queryOfTarget, withQuery } from '../http/forwarded-query.ts'
import { decidedTarget } from '../pages/decided-target.ts'
import { isForPrograms } from '../pages/not-found.ts'
import { noteDecidedVisit, noteOrphan } from '../pages/noted-requests.ts'
import { fullCodeIn } from '../pages/redirect-at-once.ts'
import type { RedirectOptions } from '../pages/redirect-route.ts'
import { visitorError } from '../pages/visitor-pages.ts'
import { acceptForms, fieldOf } from './form-body.ts'
import type { GuessLimits } from './guess-limits.ts'
import type { PasswordDesk } from './password-desk.ts'
import { PASSWORD_FIELD, sendPasswordPage } from './password-page.ts'

/** A password of the longest kind with every byte escaped takes 1.5 KB. */
const FORM_BYTES_MAX = 4_096
const ALLOWED = 'GET, HEAD'

export interface PasswordRouteOptions extends RedirectOptions {
  readonly passwords: Pick<PasswordDesk, 'check'>
  readonly guesses: GuessLimits
}

export function passwordRoute(app: FastifyInstance, options: PasswordRouteOptions): void {
  void app.register(async (scope) => {
    acceptForms(scope)
    for (const path of ['/:code', '/:code/']) {
      const settings = { bodyLimit: FORM_BYTES_MAX, schema: { hide: true } }
      scope.post(path, settings, (request, reply) => answer(options, request, reply))
    }
  })
}

async function answer(
  options: PasswordRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const plain = codeOfTarget(request.raw.url!)
  const given = fieldOf(request, PASSWORD_FIELD)
  if (plain === undefined || given === undefined || isForPrograms(request)) {
    reply.header('allow', ALLOWED)
    throw new TinygridError('method_not_allowed', { detail: `This path takes ${ALLOWED}` })
  }
  const code = fullCodeIn(options, plain, request.raw)
  void request.raw.socket.remoteAddress // is remembered by Node, when the socket is gone
  try {
    return await answerForm(options, request, reply, code, given)
  } catch (error) {
    noteOrphan(options, request.raw, code, error)
    return options.errors.sendPage(request, reply, error)
  }
}

async function answerForm(
  options: PasswordRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
  given: string,
): Promise<FastifyReply> {
  const { owner } = options
  const { lookup } = await owner.find(code)
  if (lookup.kind === 'gone' || lookup.kind === 'absent' || lookup.kind === 'scheduled') {
    throw visitorError(lookup)
  }
  const query = queryOfTarget(request.raw.url!)
  // It has no password any more: whoever still has the form before him asks as anybody does.
  if (lookup.kind !== 'protected') return seeOther(reply, `/${plainCodeOf(code)}${query}`)
  if (!(await isRight(options, request, code, given))) return refuse(options, request, reply)
  const target = await decidedTarget(options, request, code)
  const { url, forwardQuery = options.forwardQuery } = target
  noteDecidedVisit(options, request.raw, code, 303, target)
  return seeOther(reply, query === '' ? url : withQuery(url, query, forwardQuery))
}

/** @throws TinygridError rate_limited, passwords_waiting */
async function isRight(
  { owner, passwords, guesses }: PasswordRouteOptions,
  request: FastifyRequest,
  code: Code,
  given: string,
): Promise<boolean> {
  const link = await owner.read(code)
  // As the link has it: in another case it is no other code where case does not matter.
  const takeBack = guesses.begin(clientAddress(request), link?.code ?? code)
  try {
    const hash = link?.passwordHash
    const password = spelt(given)
    const isWrong =
      hash === undefined || password === undefined || !(await passwords.check(password, hash))
    if (!isWrong) takeBack()
    return !isWrong
  } catch (error) {
    takeBack()
    throw error
  }
}

function refuse(
  { errors }: PasswordRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const wrong = new TinygridError('wrong_password')
  if (prefersData(request.headers.accept)) return errors.sendProblem(request, reply, wrong)
  return sendPasswordPage(reply.code(wrong.status), true)
}

function seeOther(reply: FastifyReply, location: string): FastifyReply {
  return reply.code(303).headers({ location, 'cache-control': 'no-store' }).send()
}
