/**
 * What a visitor sees instead of a redirect: nothing there, gone, not now, or the preview.
 *
 * Pure: texts from values. All values come from users and are escaped by `html`.
 */
import { STATUS_CODES } from 'node:http'
import { type ErrorCode, TinygridError } from '../../links/errors.ts'
import { plainCodeOf } from '../../links/full-code.ts'
import type { RedirectRule } from '../../links/redirect-rules.ts'
import type { Link, GoneReason, Lookup, QueryForwarding } from '../../links/link.ts'
import { withoutPassword } from '../../links/target-url.ts'
import { html, page, type Html } from './page.ts'
import { conditionsOf, targetsOf } from './rule-words.ts'

interface Notice {
  readonly heading: string
  readonly text: string
}

const NO_LINK: Notice = {
  heading: 'There is no such link',
  text: 'The address may have been copied incompletely. Check it for missing or extra characters.',
}

const NOT_NOW: Notice = {
  heading: 'Not available right now',
  text: 'The link may well exist, but cannot be looked up at the moment. Try again in a few seconds.',
}

const NOTICES: Partial<Record<ErrorCode, Notice>> = {
  link_not_found: NO_LINK,
  not_found: NO_LINK,
  link_deleted: {
    heading: 'This link was deleted',
    text: 'Whoever made it has taken it back.',
  },
  link_expired: {
    heading: 'This link has expired',
    text: 'It worked until the time that its maker had set.',
  },
  target_blocked: {
    heading: 'This link is blocked',
    text: 'It leads to a site that this service sends nobody to. Whoever made it cannot change that.',
  },
  rate_limited: {
    heading: 'Too many attempts',
    text: 'Wait a minute, then try again.',
  },
  link_used_up: {
    heading: 'This link has had all its visits',
    text: 'It was made for a limited number of visits, and they have been used.',
  },
}

/** The page for an error; what it does not know reads as the error's title. */
export function errorPage(error: TinygridError): string {
  const known = NOTICES[error.code] ?? (error.status === 503 ? NOT_NOW : undefined)
  const { heading, text } = known ?? { heading: error.message, text: '' }
  return page({
    title: heading,
    content: html`<p class="status">${String(error.status)}</p>
      <h1>${heading}</h1>
      <p>${text}</p>`,
  })
}

type ShownLink = Link & Required<Pick<Link, 'redirectStatus' | 'forwardQuery'>>

/** @param link with what the settings say where it does not */
export function previewPage(link: ShownLink, shortUrl: string): string {
  const { redirectStatus: status } = link
  const rows = [
    ['Short link', shortUrl],
    ['Title', link.title],
    ['Created', timeOf(link.createdAt)],
    ['Valid from', link.validFrom === undefined ? null : timeOf(link.validFrom)],
    ['Expires', link.expiresAt === null ? null : timeOf(link.expiresAt)],
    ['Visits', link.maxVisits === null ? null : `${link.maxVisits} at most`],
    ['When over, leads to', link.expiredUrl && withoutPassword(link.expiredUrl)],
    ['Redirects with', `${status} ${STATUS_CODES[status]}`],
    ['Query of a visitor', /^https?:/.test(link.url) ? FORWARDINGS.get(link.forwardQuery) : null],
  ].flatMap(([name, value]) =>
    name != null && value != null
      ? [
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
        ]
      : [],
  )
  return page({
    title: `Where ${plainCodeOf(link.code)} leads`,
    content: html`<h1>This short link leads to</h1>
      <p class="target">${targetOf(link.url)}</p>
      <dl>${joined(rows)}</dl>
      ${link.rules === undefined ? html`` : rulesOf(link.rules)}`,
  })
}

/** Not to be clicked if it has a password: that would be on the page. */
function targetOf(url: string): Html {
  const shown = withoutPassword(url)
  if (shown !== url) return html`${shown}`
  return html`<a href="${url}" rel="noreferrer noopener nofollow">${url}</a>`
}

const FORWARDINGS = new Map<QueryForwarding, string>([
  [true, 'is added to the address'],
  ['override', 'is added to the address, in the place of what that has'],
  [false, 'is left out'],
])

/** In place of a preview: nothing of a link with a password is shown. */
export function protectedPage(): string {
  return page({
    title: 'This link is protected',
    content: html`<h1>This link is protected</h1>
      <p>Where it leads is shown to who knows its password.</p>`,
  })
}

function rulesOf(rules: readonly RedirectRule[]): Html {
  const items = rules.map((rule) => {
    const targets = targetsOf(rule).map(({ url, share }) => html`<br />${share} ${targetOf(url)}`)
    return html`<li>${conditionsOf(rule, timeOf)}: ${joined(targets)}</li>`
  })
  return html`<h2>Some visitors are sent elsewhere</h2>
    <p>The first of these that holds decides.</p>
    <ol class="rules">
      ${joined(items)}
    </ol>`
}

function joined(parts: readonly Html[]): Html {
  return parts.reduce((all, part) => html`${all}${part}`, html``)
}

/** What a chat shows of a link that is not followed: its title and the host of its target. */
export function unfurledPage({ code, title, url }: Link, shortUrl: string): string {
  const { host, protocol } = new URL(url)
  const leadsTo = `Leads to ${host || protocol.slice(0, -1)}`
  const shown = title ?? `Where ${plainCodeOf(code)} leads`
  return page({
    title: shown,
    head: html`<meta property="og:type" content="website" />
      <meta property="og:title" content="${shown}" />
      <meta property="og:description" content="${leadsTo}" />
      <meta property="og:url" content="${shortUrl}" />
      <meta name="description" content="${leadsTo}" />`,
    content: html`<h1>${shown}</h1>
      <p>${leadsTo}</p>`,
  })
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const GONE_CODES = {
  deleted: 'link_deleted',
  expired: 'link_expired',
  used_up: 'link_used_up',
} as const satisfies Record<GoneReason, ErrorCode>

/** A link that is gone whose maker wants its visitors at `url`. */
export class LinkIsOver extends TinygridError {
  readonly url: string

  constructor(reason: GoneReason, url: string) {
    super(GONE_CODES[reason])
    this.url = url
  }
}

export function goneError(reason: GoneReason, url?: string): TinygridError {
  return url === undefined ? new TinygridError(GONE_CODES[reason]) : new LinkIsOver(reason, url)
}

export function visitorError(found: Lookup): TinygridError {
  return found.kind === 'gone'
    ? goneError(found.reason, found.url)
    : new TinygridError('link_not_found')
}
