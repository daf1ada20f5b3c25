/**
 * The server's links as its list gives them, page after page, newest first.
 */
import { assertAccepted, Unreachable, type ApiClient, type ApiReply } from './api-client.ts'

const PAGE_LINKS = 1000

/** A link as the HTTP interface shows it; times are ISO 8601 in UTC. */
export interface ListedLink {
  readonly code: string
  readonly shortUrl: string
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string | null
  readonly maxVisits: number | null
  /** null: not counted. */
  readonly visits: number | null
}

export interface ListPage {
  readonly links: readonly ListedLink[]
  readonly nextCursor: string | null
}

/** One page, from one try. @throws Unreachable when it cannot be had just now */
export async function listPage(client: ApiClient, cursor: string | null): Promise<ListPage> {
  return pageOf(await client.call('GET', pathOf(cursor)), client)
}

function pathOf(cursor: string | null): string {
  const after = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
  return `/api/links?limit=${PAGE_LINKS}${after}`
}

function pageOf(reply: ApiReply, client: ApiClient): ListPage {
  assertAccepted(reply, client)
  const page = reply.body as Partial<ListPage> | undefined
  if (reply.status === 200 && Array.isArray(page?.links)) return page as ListPage
  throw new Unreachable(`the list answers with status ${reply.status}`)
}
