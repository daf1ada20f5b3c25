/**
 * The service's HTTP interface as the page sees it: typed calls in, typed answers or an ApiError out.
 *
 * Used by every component that talks to the service. Guarantees that whatever goes wrong (a refusal,
 * no network, an answer that is not ours) arrives as an ApiError whose message a person can read.
 * Does not retry: the person decides. Rejected: a client generated from the OpenAPI document, which
 * is larger than these nine calls and hides how `ETag` and `If-Match` travel.
 */
import type { ClusterStatus } from './cluster/status.ts'
import { fullCodeOf, linkPath } from './full-code.ts'
import { hooksApi, type HooksApi } from './hooks/hooks-api.ts'
import { hostsApi, type HostsApi } from './hosts/hosts-api.ts'
import { keysApi, type KeysApi } from './keys/keys-api.ts'
import type { RedirectRule } from './rule-draft.ts'
import { reportsApi, type ReportsApi } from './reports/reports-api.ts'
import { bodyOf, callerOf, type Connection } from './service-call.ts'
import { clicksApi, type ClicksApi } from './stats/clicks-api.ts'
import { dateStart, midnight, ownZone } from './stats/zone.ts'

/** A link as the service sends it. Times are ISO 8601 in UTC; `visits` is null where not counted. */
export interface Link {
  /** With its domain, if it is not on the default one (`full-code.ts`). */
  readonly code: string
  readonly domain?: string
  readonly shortUrl: string
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string | null
  readonly maxVisits: number | null
  readonly visits: number | null
  /** From when on it redirects; null, or left out: always. */
  readonly validFrom?: string | null
  readonly redirectStatus?: number | null
  readonly expiredUrl?: string | null
  readonly forwardQuery?: boolean | 'override' | null
  /** Where some visitors are sent instead; null: none are. */
  readonly rules?: readonly RedirectRule[] | null
  readonly hasPassword?: boolean
}

/** What an owner can change; null takes a setting away. */
export type LinkChanges = Partial<
  Pick<
    Link,
    | 'url'
    | 'title'
    | 'tags'
    | 'expiresAt'
    | 'maxVisits'
    | 'rules'
    | 'validFrom'
    | 'redirectStatus'
    | 'expiredUrl'
    | 'forwardQuery'
  >
> & { readonly password?: string | null }

export type NewLink = LinkChanges & {
  readonly code?: string
  readonly domain?: string
  readonly reuse?: boolean
}

export type LinkState = 'active' | 'scheduled' | 'expired' | 'used_up'

export interface LinkQuery {
  readonly search: string
  /** Empty: any, as below. */
  readonly tag: string
  readonly domain: string
  readonly state: LinkState | ''
  /** The days on which links were created, `2026-03-04`, both included, in the browser's time zone. */
  readonly from: string
  readonly to: string
  readonly sort: 'created' | 'visits'
}

export interface LinkPage {
  readonly links: readonly Link[]
  /** Null at the end. A page may be short, even empty, and yet have a next one. */
  readonly nextCursor: string | null
}

/** A link with the entity tag that a change must name. */
interface TaggedLink {
  readonly link: Link
  readonly etag: string
}

export interface Created {
  readonly link: Link
  /** false: the link was there before, for the same URL. */
  readonly isNew: boolean
}

export interface Domains {
  /** null: it has no name. */
  readonly default: string | null
  readonly domains: readonly string[]
}

export interface Api {
  create(link: NewLink): Promise<Created>
  list(
    query: LinkQuery,
    cursor: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<LinkPage>
  read(code: string): Promise<TaggedLink>
  /** Refused with `precondition_failed` if the link no longer has `etag`. */
  update(code: string, changes: LinkChanges, etag: string): Promise<Link>
  remove(code: string): Promise<void>
  restore(code: string): Promise<Link>
  /** Deletes for good: the code may be given again. */
  purge(code: string): Promise<void>
  cluster(signal?: AbortSignal): Promise<ClusterStatus>
  domains(signal?: AbortSignal): Promise<Domains>
  readonly clicks: ClicksApi
  readonly hooks: HooksApi
  readonly keys: KeysApi
  readonly hosts: HostsApi
  readonly reports: ReportsApi
}

export function connect(connection: Connection): Api {
  const call = callerOf(connection)
  return {
    async create(link) {
      const response = await call('POST', '/api/links', { body: link })
      return { link: await linkIn(response), isNew: response.status === 201 }
    },
    async list(query, cursor, limit, signal) {
      const reply = await call('GET', listPath(query, cursor, limit), { signal })
      const { links, nextCursor } = (await bodyOf(reply)) as LinkPage
      return { links: links.map(received), nextCursor }
    },
    async read(code) {
      const response = await call('GET', linkPath(code))
      return { link: await linkIn(response), etag: response.headers.get('ETag') ?? '*' }
    },
    update: (code, changes, etag) => linkOf(call('PATCH', linkPath(code), { body: changes, etag })),
    async remove(code) {
      await call('DELETE', linkPath(code))
    },
    restore: (code) => linkOf(call('POST', linkPath(code, '/restore'))),
    async purge(code) {
      await call('DELETE', linkPath(code, '', { purge: 'true' }))
    },
    async cluster(signal) {
      return (await bodyOf(await call('GET', '/api/cluster', { signal }))) as ClusterStatus
    },
    async domains(signal) {
      // The service would refuse to say, and the browser would tell of an error.
      const isKnown = connection.key !== undefined || connection.hasSession === true
      if (!isKnown) return { default: null, domains: [] }
      return (await bodyOf(await call('GET', '/api/domains', { signal }))) as Domains
    },
    clicks: clicksApi(call),
    hooks: hooksApi(call),
    keys: keysApi(call),
    hosts: hostsApi(call),
    reports: reportsApi(call),
  }
}

const linkOf = async (reply: Promise<Response>) => linkIn(await reply)

const linkIn = async (response: Response) => received((await bodyOf(response)) as Link)

const received = (link: Link): Link => ({ ...link, code: fullCodeOf(link) })

export function listPath(
  { search, tag, domain, state, from, to, sort }: LinkQuery,
  cursor: string | null,
  limit: number,
  zone = ownZone(),
): string {
  const lastDay = dateStart(to, zone)
  const given: Readonly<Record<string, string | null>> = {
    search,
    tag,
    domain,
    state,
    createdFrom: isoText(dateStart(from, zone)),
    createdTo: isoText(lastDay === undefined ? undefined : midnight(lastDay, zone, 1)),
    sort: sort === 'created' ? '' : sort,
    cursor,
  }
  const parameters = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && value !== '') parameters.set(name, value)
  }
  return `/api/links?${parameters}`
}

const isoText = (at: number | undefined) => (at === undefined ? '' : new Date(at).toISOString())
