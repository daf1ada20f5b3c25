/**
 * The settings of what keeps links from leading where they must not, and of who is told of changes.
 *
 * Part of the one list in `config.ts`.
 */
import { AUDIT_SETTINGS } from './audit-settings.ts'
import { ConfigError, choice, flag, integer, text } from './setting.ts'

/** As webhooks have them: `whsec_` and 24 to 64 bytes in base64. */
const SECRET_PATTERN = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/
const CHECK_URL_PATTERN = /^https?:\/\/[\x21-\x7e]{1,2000}$/

export const BLOCKING_SETTINGS = {
  ...AUDIT_SETTINGS,
  blockedHostsFile: text('TINYGRID_BLOCKED_HOSTS_FILE', {
    about:
      'file of hosts to which no link may lead: one host or *.host in a line, or a hosts file; read again ' +
      'when it changes',
  }),
  urlCheckUrl: text('TINYGRID_URL_CHECK_URL', {
    isSecret: true,
    pattern: CHECK_URL_PATTERN,
    takes: 'an http:// or https:// URL',
    about: 'who is asked, by POST, whether a link may lead to a URL; by default nobody',
  }),
  urlCheckSecret: text('TINYGRID_URL_CHECK_SECRET', {
    isSecret: true,
    pattern: SECRET_PATTERN,
    takes: 'whsec_ and 32 to 88 characters of base64',
    about: 'by which these requests are signed, as webhooks are',
  }),
  urlCheckTimeoutMs: integer('TINYGRID_URL_CHECK_TIMEOUT', {
    fallback: '2000',
    min: 50,
    max: 30_000,
    unit: 'milliseconds',
    about: 'how long an answer to such a request is waited for',
  }),
  urlCheckFails: choice('TINYGRID_URL_CHECK_FAILS', {
    fallback: 'closed',
    of: ['open', 'closed'],
    about:
      'what becomes of links while nobody can be asked: open makes them unchecked, closed answers 503',
  }),
  urlCheckPrivate: flag('TINYGRID_URL_CHECK_PRIVATE', {
    fallback: 'false',
    about: 'whether TINYGRID_URL_CHECK_URL may have an address of a private network',
  }),
} as const

/** Those that may be left out, and then are not there. */
export type OptionalBlocks = 'blockedHostsFile' | 'urlCheckUrl' | 'urlCheckSecret'

interface CheckSettings {
  readonly urlCheckUrl?: string | undefined
  readonly urlCheckSecret?: string | undefined
}

/** @throws ConfigError */
export function checkBlocking({ urlCheckUrl, urlCheckSecret }: CheckSettings): void {
  if (urlCheckUrl === undefined) return
  if (URL.parse(urlCheckUrl) === null) {
    throw new ConfigError('TINYGRID_URL_CHECK_URL is no URL')
  }
  if (urlCheckSecret === undefined) {
    throw new ConfigError('TINYGRID_URL_CHECK_URL needs TINYGRID_URL_CHECK_SECRET, to sign with')
  }
}
