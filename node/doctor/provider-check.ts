/**
 * The doctor's look at the provider by which people sign in: whether it answers, is who the settings say, and can do
 * what a sign-in needs.
 *
 * It asks for the discovery document alone. Whether client and secret are right only a sign-in shows. What the provider
 * says is shortened before it is repeated.
 */
import { boundedFetch, type Fetch } from '../../gateway/sign-in/bounded-fetch.ts'
import type { Config } from '../../config.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

const NAME = 'sign-in'
const DOCUMENT = '/.well-known/openid-configuration'
/** As much as a token's times may be off. */
const CLOCK_MS_MAX = 30_000
const NEEDED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const SHOWN_CHARS_MAX = 200

type Document = Readonly<Record<string, unknown>>

/** @param here the time, in milliseconds */
export async function examineProvider(
  config: Config,
  fetch: Fetch = globalThis.fetch,
  here: () => number = Date.now,
): Promise<Finding[]> {
  const { oidcIssuer: issuer } = config
  if (issuer === undefined) return []
  try {
    const url = issuer.replace(/\/$/, '') + DOCUMENT
    const answer = await boundedFetch(fetch)(url, { redirect: 'manual' })
    const document = answer.ok ? await documentIn(answer) : undefined
    if (document === undefined) return [unanswered(issuer, `answers ${answer.status}, no document`)]
    const date = Date.parse(answer.headers.get('date') ?? '')
    const faults = [...documentFaults(config, document), ...clockFaults(issuer, date - here())]
    return faults.length > 0 ? faults : [ok(NAME, `${issuer} can sign people in`)]
  } catch {
    return [unanswered(issuer, 'does not answer')]
  }
}

function unanswered(issuer: string, how: string): Finding {
  const advice = 'look whether this machine reaches it, and for a mistake in TINYGRID_OIDC_ISSUER'
  return wrong(NAME, `${issuer} ${how}: nobody can sign in`, advice)
}

async function documentIn(answer: Response): Promise<Document | undefined> {
  const value: unknown = await answer.json()
  return typeof value === 'object' && value !== null ? (value as Document) : undefined
}

function documentFaults(config: Config, document: Document): Finding[] {
  const { oidcIssuer: issuer = '', oidcScopes } = config
  const name = typeof document['issuer'] === 'string' ? document['issuer'] : ''
  if (URL.parse(name)?.href !== URL.parse(issuer)?.href) {
    const shown = name.slice(0, SHOWN_CHARS_MAX)
    const advice = 'set TINYGRID_OIDC_ISSUER to the name that is the right one'
    return [wrong(NAME, `${issuer} calls itself ${JSON.stringify(shown)}`, advice)]
  }
  const missing = NEEDED.filter((field) => typeof document[field] !== 'string')
  if (missing.length > 0) {
    const advice = 'take a provider of OpenID Connect: one of OAuth 2.0 alone is not enough'
    return [wrong(NAME, `${issuer} names no ${missing.join(', ')}`, advice)]
  }
  const lacking = oidcScopes
    .split(' ')
    .filter((scope) => !isAmong(document, 'scopes_supported', scope))
  if (lacking.length === 0) return []
  const found = `${issuer} does not list the scope ${lacking.join(', ')}`
  return [warning(NAME, found, 'look whether it tells groups without it (TINYGRID_OIDC_SCOPES)')]
}

/** What a document leaves out it does not deny. */
function isAmong(document: Document, field: string, value: string): boolean {
  const list = document[field]
  return !Array.isArray(list) || list.includes(value)
}

function clockFaults(issuer: string, ms: number): Finding[] {
  if (Number.isNaN(ms) || Math.abs(ms) < CLOCK_MS_MAX) return []
  const how = ms > 0 ? 'ahead of' : 'behind'
  const found = `the clock of ${issuer} is ${Math.round(Math.abs(ms) / 1000)} s ${how} this machine's`
  return [wrong(NAME, found, 'set both by NTP: what it says of people is not valid here else')]
}
