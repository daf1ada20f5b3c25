/**
 * Shlink's own SDK, as its clients use it, with the types that its package does not resolve here.
 *
 * Used by the scenarios of other clients. What the program cannot answer just now is asked again, as a stalled
 * machine has such moments; every other answer is the SDK's.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import * as api from '@shlinkio/shlink-js-sdk'
import * as contract from '@shlinkio/shlink-js-sdk/api-contract'
import * as http from '@shlinkio/shlink-js-sdk/fetch'
import { pause, until } from './deadline.ts'

const PATIENCE_MS = 30_000
const AGAIN_MS = 200

/** How often something was asked again, of which nobody knows whether it was done. */
export const waits = { count: 0 }

interface ShlinkProblem {
  readonly type: string
  readonly status: number
  readonly detail: string
  readonly invalidElements?: readonly string[]
}

interface Identifier {
  readonly shortCode: string
  readonly domain?: string
}

interface Summary {
  readonly total: number
  readonly nonBots: number
  readonly bots: number
}

interface ShortUrl extends Identifier {
  readonly shortUrl: string
  readonly longUrl: string
  readonly visitsSummary: Summary
  readonly meta: { readonly validUntil: string | null; readonly maxVisits: number | null }
  readonly tags: readonly string[]
  readonly title: string | null
  readonly forwardQuery: boolean
  readonly hasRedirectRules: boolean
}

interface Page<T> {
  readonly data: readonly T[]
  readonly pagination: { readonly totalItems: number }
}

export type Fields = Readonly<Record<string, unknown>>

/** Its methods, as far as they are used. */
interface ShlinkClient {
  listShortUrls(params: Fields): Promise<Page<ShortUrl>>
  createShortUrl(data: Fields): Promise<ShortUrl>
  getShortUrl(of: Identifier): Promise<ShortUrl>
  updateShortUrl(of: Identifier, data: Fields): Promise<ShortUrl>
  deleteShortUrl(of: Identifier): Promise<void>
  getShortUrlRedirectRules(of: Identifier): Promise<Fields>
  setShortUrlRedirectRules(of: Identifier, data: Fields): Promise<Fields>
  getVisitsOverview(): Promise<{ nonOrphanVisits: Summary; orphanVisits: Summary }>
  getShortUrlVisits(of: Identifier, params?: Fields): Promise<Page<Fields>>
  getTagVisits(tag: string, params?: Fields): Promise<Page<Fields>>
  getDomainVisits(domain: string): Promise<Page<Fields>>
  getOrphanVisits(params?: Fields): Promise<Page<Fields>>
  getNonOrphanVisits(params?: Fields): Promise<Page<Fields>>
  deleteShortUrlVisits(of: Identifier): Promise<{ deletedVisits: number }>
  deleteOrphanVisits(): Promise<unknown>
  listTags(): Promise<{ data: readonly string[] }>
  tagsStats(): Promise<{ data: readonly (Fields & { readonly tag: string })[] }>
  deleteTags(tags: readonly string[]): Promise<unknown>
  editTag(names: { oldName: string; newName: string }): Promise<unknown>
  listDomains(): Promise<{ data: readonly Fields[]; defaultRedirects: Fields }>
  health(): Promise<Fields>
  mercureInfo(): Promise<unknown>
}

type ErrorName =
  | 'DOMAIN_NOT_FOUND'
  | 'INVALID_API_KEY'
  | 'INVALID_ARGUMENT'
  | 'INVALID_AUTHORIZATION'
  | 'INVALID_SHORTCODE'
  | 'INVALID_SLUG'
  | 'MERCURE_NOT_CONFIGURED'
  | 'TAG_CONFLICT'
  | 'TAG_NOT_FOUND'

interface Sdk {
  readonly ShlinkApiClient: new (
    client: object,
    server: { baseUrl: string; apiKey: string },
  ) => ShlinkClient
  readonly FetchHttpClient: new (fetch: typeof globalThis.fetch) => object
  readonly ErrorType: { readonly [Name in ErrorName]: string }
}

const { ShlinkApiClient, FetchHttpClient, ErrorType } = {
  ...api,
  ...http,
  ...contract,
} as unknown as Sdk

/** Shlink's types of errors, by their names. */
export { ErrorType }

export function shlinkClient(baseUrl: string, apiKey: string): ShlinkClient {
  return new ShlinkApiClient(new FetchHttpClient(patientFetch), { baseUrl, apiKey })
}

async function patientFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  const deadline = performance.now() + PATIENCE_MS
  let response = await fetch(...request)
  while (response.status === 503 && performance.now() < deadline) {
    waits.count++
    await response.arrayBuffer()
    await pause(AGAIN_MS)
    response = await fetch(...request)
  }
  return response
}

/** What the SDK throws where it is refused. */
export async function refusal(t: ExecutionContext, call: Promise<unknown>): Promise<ShlinkProblem> {
  return call.then(
    () => t.fail('it was not refused'),
    (error: ShlinkProblem) => error,
  )
}

/** What lists and figures tell comes a little later, on a stalled machine much later. */
export async function becomes(t: ExecutionContext, read: () => Promise<unknown>, wanted: unknown) {
  const isSo = async () => isDeepStrictEqual(await read(), wanted)
  await until('it is told', PATIENCE_MS, isSo).catch(() => undefined)
  t.deepEqual(await read(), wanted)
}

export async function visitAs(agent: string, url: string): Promise<void> {
  const headers = { 'user-agent': agent, referer: 'https://news.example/a' }
  await fetch(url, { redirect: 'manual', headers })
}
