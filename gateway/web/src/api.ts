/**
 * The service's HTTP interface as the page sees it: typed calls in, typed answers or an ApiError out.
 *
 * Used by every component that talks to the service. Guarantees that whatever goes wrong (a refusal,
 * no network, an answer that is not ours) arrives as an ApiError whose message a person can read.
 * Does not retry: the person decides. Rejected: a client generated from the OpenAPI document, which
 * is larger than these nine calls and hides how `ETag` and `If-Match` travel.
 */
import type { ClusterStatus } from './cluster/status.ts'

/** A link as the service sends it. Times are ISO 8601 in UTC; `visits` is null where not counted. */
export interface Link {
  readonly code: string
  readonly shortUrl: string
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string | null
  readonly maxVisits: number | null
  readonly visits: number | null
}

/** What an owner can change; null takes a setting away. */
export type LinkChanges = Partial<Pick<Link, 'url' | 'title' | 'tags' | 'expiresAt' | 'maxVisits'>>

export type NewLink = LinkChanges & { readonly code?: string; readonly reuse?: boolean }

export interface LinkQuery {
  readonly search: string
  readonly tag: string
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
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly field?: string
}

/** Why a call failed: the service's own `code`, or `offline`, `timeout` or `unexpected`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  /** The request's field at fault, without indexes: `tags` for `tags[0]`. */
  readonly field: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, message: string, field?: string, retryAfterSeconds?: number) {
    super(message)
    this.code = code
    this.field = field?.split(/[.[]/)[0]
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const REQUEST_TIMEOUT_MS = 20_000

export interface Connection {
  readonly key: string | undefined
  /** Told of every 401, after which `key` is of no use. */
  readonly onUnauthorized?: () => void
  readonly fetch?: (path: string, options: RequestInit) => Promise<Response>
}

export function connect({
  key,
  onUnauthorized,
  fetch = globalThis.fetch.bind(globalThis),
}: Connection): Api {
  async function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const response = await attempt(() => fetch(path, requestOf(method, key, options)))
    if (response.ok) return response
    if (response.status === 401) onUnauthorized?.()
    throw await errorOf(response)
  }

  return {
    async create(link) {
      const response = await call('POST', '/api/links', { body: link })
      return { link: (await bodyOf(response)) as Link, isNew: response.status === 201 }
    },
    async list(query, cursor, limit, signal) {
      const reply = await call('GET', listPath(query, cursor, limit), { signal })
      return (await bodyOf(reply)) as LinkPage
    },
    async read(code) {
      const response = await call('GET', linkPath(code))
      return { link: (await bodyOf(response)) as Link, etag: response.headers.get('ETag') ?? '*' }
    },
    update: (code, changes, etag) => linkOf(call('PATCH', linkPath(code), { body: changes, etag })),
    async remove(code) {
      await call('DELETE', linkPath(code))
    },
    restore: (code) => linkOf(call('POST', `${linkPath(code)}/restore`)),
    async purge(code) {
      await call('DELETE', `${linkPath(code)}?purge=true`)
    },
    async cluster(signal) {
      return (await bodyOf(await call('GET', '/api/cluster', { signal }))) as ClusterStatus
    },
  }
}

interface CallOptions {
  readonly body?: unknown
  readonly etag?: string
  readonly signal?: AbortSignal | undefined
}

function requestOf(method: string, key: string | undefined, options: CallOptions): RequestInit {
  const headers = new Headers({ Accept: 'application/json, application/problem+json' })
  if (key !== undefined) headers.set('X-Api-Key', key)
  if (options.etag !== undefined) headers.set('If-Match', options.etag)
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  return {
    method,
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
    cache: 'no-store',
    credentials: 'omit',
  }
}

/** An abort by the caller stays an AbortError: whoever aborted knows why. */
async function attempt(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new ApiError('timeout', 'The service took too long to answer.')
    }
    throw new ApiError('offline', 'The service cannot be reached. Check the connection.')
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem | null
  const message = problem?.detail ?? problem?.title
  const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return new ApiError(
    problem?.code ?? 'unexpected',
    message ?? `The service gave an answer that this page does not know (${response.status}).`,
    problem?.field,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  )
}

const linkOf = async (reply: Promise<Response>) => (await bodyOf(await reply)) as Link

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('unexpected', 'The service gave an answer that this page does not know.')
  }
}

const linkPath = (code: string) => `/api/links/${encodeURIComponent(code)}`

function listPath({ search, tag }: LinkQuery, cursor: string | null, limit: number): string {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (search !== '') parameters.set('search', search)
  if (tag !== '') parameters.set('tag', tag)
  if (cursor !== null) parameters.set('cursor', cursor)
  return `/api/links?${parameters}`
}

/** What to tell a person about any failure, of the service or of the page itself. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('unexpected', 'Something went wrong on this page. Reload it to go on.')
}
