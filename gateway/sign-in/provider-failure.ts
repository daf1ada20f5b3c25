/**
 * What an error of openid-client means, as a reason that can be told.
 *
 * Only codes are taken over: texts of these errors are the provider's, and their causes have tokens in them.
 */
import { SignInFailure, type SignInReason } from './sign-in-failure.ts'

/** By the code of the client's error. */
const BY_CODE: Readonly<Record<string, SignInReason>> = {
  OAUTH_TIMEOUT: 'unreachable',
  OAUTH_ABORT: 'unreachable',
  OAUTH_RESPONSE_IS_NOT_CONFORM: 'unreachable',
  OAUTH_RESPONSE_IS_NOT_JSON: 'unreachable',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'wrong_issuer',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'clock',
  // How a secret that is not known is refused, where it came in a header.
  OAUTH_WWW_AUTHENTICATE_CHALLENGE: 'client_refused',
  OAUTH_KEY_SELECTION_FAILED: 'unknown_key',
}

/** By the claim of a token that is not what it must be. */
const BY_CLAIM: Readonly<Record<string, SignInReason>> = {
  aud: 'wrong_audience',
  azp: 'wrong_audience',
  iss: 'wrong_issuer',
  nonce: 'wrong_nonce',
}

/** By the word that the provider answers with, as OAuth 2.0 has them. */
const BY_WORD: Readonly<Record<string, SignInReason>> = {
  access_denied: 'denied',
  login_required: 'denied',
  consent_required: 'denied',
  interaction_required: 'denied',
  server_error: 'unreachable',
  temporarily_unavailable: 'unreachable',
  invalid_client: 'client_refused',
  unauthorized_client: 'client_refused',
  invalid_grant: 'used',
}

export function failureOf(error: unknown): SignInFailure {
  if (error instanceof SignInFailure) return error
  const {
    code,
    error: word,
    status,
  } = error as { code?: unknown; error?: unknown; status?: unknown }
  const what = typeof code === 'string' ? code : 'unknown'
  if (typeof word === 'string') {
    const isKnown = Object.hasOwn(BY_WORD, word)
    const reason = isKnown ? BY_WORD[word]! : isServers(status) ? 'unreachable' : 'not_understood'
    return new SignInFailure(reason, isKnown ? word : what)
  }
  const claim = claimIn(error)
  if (claim !== undefined) return new SignInFailure(BY_CLAIM[claim] ?? 'not_understood', claim)
  const known = BY_CODE[what]
  if (known !== undefined) return new SignInFailure(known, what)
  // The client's own mistakes of type have a code that begins with ERR_; what fetch throws has none.
  const isFetch = error instanceof TypeError && !what.startsWith('ERR_')
  return new SignInFailure(isFetch ? 'unreachable' : 'not_understood', what)
}

function isServers(status: unknown): boolean {
  return typeof status === 'number' && status >= 500
}

/** The name of the claim that was wrong, at most two causes down. */
function claimIn(error: unknown): string | undefined {
  let cause = error
  for (let depth = 0; depth < 3 && typeof cause === 'object' && cause !== null; depth++) {
    const { claim } = cause as { claim?: unknown }
    if (typeof claim === 'string' && Object.hasOwn(BY_CLAIM, claim)) return claim
    cause = (cause as { cause?: unknown }).cause
  }
  return undefined
}
