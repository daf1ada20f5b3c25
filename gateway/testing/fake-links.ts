/**
 * Links in a map, behind the gateway's protocol: what the gateway's tests run against.
 *
 * Decides as the owner of a partition does, without a log, and can be told to fail. It remembers what
 * it did by operation ids, for ever. Whether the real owner decides alike is shown by the tests of
 * the whole system.
 */
import { Readable } from 'node:stream'
import { matchesEntityTag } from '../../links/entity-tag.ts'
import { TinygridError } from '../../links/errors.ts'
import { domainOf } from '../../links/full-code.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { lookupOf, UNKNOWN, type Link, type Lookup } from '../../links/link.ts'
import { isPeriod } from '../../links/link-fields.ts'
import { hasOptions } from '../../links/link-options.ts'
import type { Visitor } from '../../links/redirect-rules.ts'
import { resolveLink, type Resolved } from '../../links/resolution.ts'
import {
  redirectOfVisit,
  withChanges,
  type CreateRequest,
  type Found,
  type ImportRequest,
  type LinkDirectory,
  type LinkOwner,
  type ListPage,
  type ListQuery,
  type Repeatable,
  type StoredVersion,
  type TagCount,
  type WriteRequest,
  type WriteResult,
} from '../../links/link-owner.ts'

type ChangeRequest = Exclude<WriteRequest, CreateRequest | ImportRequest | { kind: 'visit' }>

/** What is remembered: any other answer may be given anew. */
const CHANGES: ReadonlySet<WriteResult['kind']> = new Set(['created', 'done', 'redirect'])

export class FakeLinks implements LinkOwner, LinkDirectory {
  readonly links = new Map<Code, Link>()
  /** Codes that are not in memory: their look-up is 'unknown'. */
  readonly evicted = new Set<Code>()
  /** Thrown by every read, write and list, if set. */
  failure: Error | undefined
  /** Acts, then throws, as if the answer were lost. */
  losesAnswers = false
  reads = 0
  writes = 0
  readonly #now: () => EpochMs
  readonly #answers = new Map<string, WriteResult>()

  constructor(now: () => EpochMs) {
    this.#now = now
  }

  lookup(code: Code, now: EpochMs): Lookup {
    return this.evicted.has(code) ? UNKNOWN : lookupOf(this.links.get(code), now)
  }

  async find(code: Code): Promise<Found> {
    return { lookup: lookupOf(await this.read(code), this.#now()), source: 'owner' }
  }

  async resolve(code: Code, visitor: Visitor): Promise<Resolved> {
    return resolveLink(await this.read(code), visitor, this.#now())
  }

  async read(code: Code): Promise<Link | undefined> {
    this.reads++
    this.#fail()
    return this.links.get(code)
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    this.writes++
    this.#fail()
    const known = this.#answers.get(request.operationId ?? '')
    const result = known ?? this.#decide(request)
    const { operationId } = request
    if (operationId !== undefined && CHANGES.has(result.kind))
      this.#answers.set(operationId, result)
    if (this.losesAnswers) throw new TinygridError('log_uncertain')
    return result
  }

  #decide(request: WriteRequest): WriteResult {
    const link = this.links.get(request.code)
    if (request.kind === 'create') return this.#create(link, request)
    if (request.kind === 'visit') return this.#visit(link)
    if (request.kind === 'import') return this.#import(link, request)
    return link === undefined ? { kind: 'absent' } : this.#change(link, request)
  }

  async list({ limit, cursor, search = '', tag, domain, within }: ListQuery): Promise<ListPage> {
    this.#fail()
    const from = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isInteger(from)) throw new TinygridError('invalid_field', { field: 'cursor' })
    const wanted = [...this.links.values()]
      .toReversed()
      .filter((link) => link.lifecycle === 'live' && (tag === undefined || link.tags.includes(tag)))
      .filter(({ code }) => domain === undefined || domainOf(code) === domain)
      .filter(({ code }) => within?.includes(domainOf(code)) !== false)
      .filter((link) => `${link.code} ${link.url} ${link.title}`.toLowerCase().includes(search))
    const end = from + limit
    return { links: wanted.slice(from, end), nextCursor: end < wanted.length ? `${end}` : null }
  }

  async everything(): Promise<AsyncIterable<readonly StoredVersion[]>> {
    this.#fail()
    return Readable.from([Array.from(this.links, ([code, link]) => ({ code, link }))])
  }

  async tags(): Promise<readonly TagCount[]> {
    this.#fail()
    const byTag = Map.groupBy(this.#taggings(), ([tag]) => tag)
    return [...byTag].map(([tag, { length }]) => ({ tag, links: length }))
  }

  async codesOfTags(tags: readonly string[], codesMax: number) {
    this.#fail()
    const taggings = this.#taggings().filter(([tag]) => tags.includes(tag))
    if (taggings.length > codesMax) return undefined
    const codesOf = (tag: string) => taggings.filter(([one]) => one === tag)
    return new Map(tags.map((tag) => [tag, codesOf(tag).map(([, code]) => code)]))
  }

  #taggings(): [tag: string, code: Code][] {
    const live = [...this.links.values()].filter(({ lifecycle }) => lifecycle === 'live')
    return live.flatMap(({ tags, code }) => tags.map((tag): [string, Code] => [tag, code]))
  }

  #import(link: Link | undefined, request: ImportRequest & Repeatable): WriteResult {
    const { kind: _kind, operationId: _id, ...asItWas } = request
    if (link === undefined) return this.#done('created', asItWas)
    return link.createdAt === request.createdAt ? { kind: 'reused', link } : { kind: 'taken' }
  }

  #create(link: Link | undefined, request: CreateRequest & Repeatable): WriteResult {
    if (link !== undefined) {
      const isPlain = link.expiresAt === null && link.maxVisits === null && !hasOptions(link)
      const isSame = link.lifecycle === 'live' && isPlain && link.url === request.url
      return request.reuse && isSame ? { kind: 'reused', link } : { kind: 'taken' }
    }
    const { kind: _kind, reuse: _reuse, operationId: _id, ...settings } = request
    const now = this.#now()
    return this.#done('created', {
      ...settings,
      createdAt: now,
      updatedAt: now,
      visits: 0,
      lifecycle: 'live',
    })
  }

  #visit(link: Link | undefined): WriteResult {
    const found = lookupOf(link, this.#now())
    if (found.kind === 'scheduled') return { kind: 'absent' }
    if (found.kind === 'gone' || found.kind === 'absent') return found
    this.links.set(link!.code, { ...link!, visits: link!.visits + 1 })
    return redirectOfVisit(link!)
  }

  #change(link: Link, request: ChangeRequest): WriteResult {
    const isDeleted = link.lifecycle === 'deleted'
    if (isDeleted && (request.kind === 'update' || request.kind === 'delete')) {
      return { kind: 'gone', reason: 'deleted' }
    }
    if (!isDeleted && request.kind === 'restore') return { kind: 'not_deleted' }
    if (request.ifMatch !== undefined && !matchesEntityTag(request.ifMatch, link)) {
      return { kind: 'stale' }
    }
    const updatedAt = Math.max(this.#now(), link.updatedAt + 1) as EpochMs
    switch (request.kind) {
      case 'update': {
        const changed = withChanges(link, request.changes)
        if (!isPeriod(changed)) return { kind: 'unfit' }
        return this.#done('done', { ...changed, updatedAt })
      }
      case 'delete':
        return this.#done('done', { ...link, lifecycle: 'deleted', updatedAt })
      case 'restore':
        return this.#done('done', { ...link, lifecycle: 'live', updatedAt })
      case 'purge':
        this.links.delete(link.code)
    }
    return { kind: 'done', link }
  }

  #done(kind: 'created' | 'done', link: Link): WriteResult {
    this.links.set(link.code, link)
    return { kind, link }
  }

  #fail(): void {
    if (this.failure !== undefined) throw this.failure
  }
}
