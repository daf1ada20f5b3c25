/**
 * The server's links as its list gives them, page after page, newest first.
 *
 * A page that cannot be had just now is asked for again after a wait. Links made while the list is
 * read are newer than its start and do not appear.
 */
import { assertAccepted, Unreachable, type ApiClient, type ApiReply } from './api-client.ts'
import { delayBefore, GIVE_UP_AFTER_MS } from './back-off.ts'
import { CommandError } from './command-error.ts'

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

/** Every link. @throws CommandError when a page cannot be had for GIVE_UP_AFTER_MS */
export async function* listAll(
  client: ApiClient,
  sleep: (ms: number) => Promise<void>,
): AsyncGenerator<readonly ListedLink[]> {
  let cursor: string | null = null
  do {
    const page: ListPage = await listPatiently(client, cursor, sleep)
    yield page.links
    cursor = page.nextCursor
  } while (cursor !== null)
}

async function listPatiently(
  client: ApiClient,
  cursor: string | null,
  sleep: (ms: number) => Promise<void>,
): Promise<ListPage> {
  const startedAt = Date.now()
  for (let tries = 1; ; tries++) {
    try {
      return await listPage(client, cursor)
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      if (Date.now() - startedAt > GIVE_UP_AFTER_MS) {
        throw new CommandError(
          `Given up: ${client.baseUrl.origin} gives no list (${error.message})`,
        )
      }
      await sleep(delayBefore(tries, 0, Math.random()))
    }
  }
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
