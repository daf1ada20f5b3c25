/**
 * The sign-in of a node, put together from its settings.
 *
 * Used by `front.ts`. Loaded only where a provider is set, so that nobody else pays for the client. The provider is
 * asked for its discovery document behind the start: what is wrong is told in the log, and stops nothing.
 */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { KeptText } from '../cluster/kept/kept-text.ts'
import { parseGroupRoles } from '../gateway/sign-in/person.ts'
import { Provider } from '../gateway/sign-in/provider.ts'
import { SessionSecret } from '../gateway/sign-in/session-secret.ts'
import type { SignInFailure } from '../gateway/sign-in/sign-in-failure.ts'
import { CALLBACK_PATH } from '../gateway/sign-in/sign-in-routes.ts'
import { SignIn } from '../gateway/sign-in/sign-in.ts'
import type { EpochMs } from '../links/ids.ts'

const HOUR_MS = 3_600_000

/** @param text where the secret of sessions is kept */
export function openSignIn(
  config: Config,
  text: KeptText,
  logger: Logger,
  now: () => EpochMs,
): SignIn {
  const provider = providerOf(config, now)
  provider.reach().catch((error: SignInFailure) => {
    const line = { issuer: config.oidcIssuer, reason: error.reason, what: error.what }
    logger.warn(
      line,
      'the provider of the sign-in cannot be asked; it is tried again at each sign-in',
    )
  })
  const { oidcIssuer, oidcClientId, oidcRoles, baseUrl, sessionHours } = config
  const context = JSON.stringify([oidcIssuer, oidcClientId, oidcRoles, config.oidcGroupsClaim])
  const secret = new SessionSecret(text, context)
  return new SignIn({ provider, secret, baseUrl: baseUrl!, sessionMs: sessionHours * HOUR_MS, now })
}

/** Of settings that have been checked: all that it needs is there. */
function providerOf(config: Config, now: () => EpochMs): Provider {
  return new Provider({
    issuer: new URL(config.oidcIssuer!),
    clientId: config.oidcClientId!,
    clientSecret: config.oidcClientSecret,
    clientAuth: config.oidcClientAuth,
    scopes: config.oidcScopes,
    groupsClaim: config.oidcGroupsClaim,
    roles: parseGroupRoles(config.oidcRoles!)!,
    redirectUri: config.baseUrl! + CALLBACK_PATH,
    now,
  })
}
