/**
 * Why somebody could not be signed in, in words for a person; what the provider said is none of them.
 *
 * Used by the provider's adapter, which tells the reasons apart, and by the routes, which show them. Texts of the
 * provider are neither shown nor logged: they may be anybody's, and errors of its client have tokens in them.
 */
import { TinygridError } from '../../links/errors.ts'

const ADMIN = 'Tell whoever runs this service.'

export const SIGN_IN_FAILURES = {
  no_login: {
    heading: 'This sign-in is over',
    text: 'It took too long, was begun in another browser, or was finished already. Begin again.',
  },
  bad_return: {
    heading: 'This address leads elsewhere',
    text: 'A sign-in ends on the page of this service, and nowhere else.',
  },
  denied: {
    heading: 'You were not signed in',
    text: 'The sign-in was stopped, or access was denied there.',
  },
  no_role: {
    heading: 'You may not use this service',
    text: `You are known, but none of your groups has a role here. ${ADMIN}`,
  },
  unreachable: {
    heading: 'The sign-in cannot be reached',
    text: 'Whoever signs people in does not answer. Try again in a minute. Short links and keys work.',
  },
  busy: {
    heading: 'Too many people are signing in',
    text: 'Try again in a minute.',
  },
  client_refused: {
    heading: 'This service is not known there',
    text: `Whoever signs people in does not accept this service’s client id or secret. ${ADMIN}`,
  },
  used: {
    heading: 'This sign-in was used already',
    text: 'Each works once, and for a short time. Begin again.',
  },
  clock: {
    heading: 'The clocks do not agree',
    text: `The answer of whoever signs people in is not valid now: its clock or this service’s is wrong. ${ADMIN}`,
  },
  wrong_issuer: {
    heading: 'Somebody else answered',
    text: `Whoever signs people in has another name than the one that is set here. ${ADMIN}`,
  },
  wrong_audience: {
    heading: 'This answer was meant for another service',
    text: `It is not accepted here. Begin again; if that does not help: ${ADMIN}`,
  },
  wrong_nonce: {
    heading: 'This answer belongs to another sign-in',
    text: 'It is not accepted here. Begin again.',
  },
  unknown_key: {
    heading: 'The answer is signed by an unknown key',
    text: `It is not accepted here. Begin again in a minute; if that does not help: ${ADMIN}`,
  },
  not_understood: {
    heading: 'The answer cannot be accepted',
    text: `What whoever signs people in has answered is not right. Begin again; if that does not help: ${ADMIN}`,
  },
} as const satisfies Record<string, { heading: string; text: string }>

export type SignInReason = keyof typeof SIGN_IN_FAILURES

const UNAVAILABLE: ReadonlySet<SignInReason> = new Set(['unreachable', 'busy'])

/** An error with the words of its reason, and no cause. */
export class SignInFailure extends TinygridError {
  readonly reason: SignInReason
  /** What the log may have: a code, no text. */
  readonly what: string | undefined

  constructor(reason: SignInReason, what?: string) {
    const code = UNAVAILABLE.has(reason) ? 'sign_in_unavailable' : 'sign_in_refused'
    super(code, { detail: SIGN_IN_FAILURES[reason].text })
    this.reason = reason
    this.what = what
  }
}
