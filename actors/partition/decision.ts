/**
 * What a write does to a link: the rules of the product, in one pure function.
 *
 * Used by the partition actor, which knows the newest version of the link and asks for one request
 * at a time. Given a link (or none) and a request, `decide` says the answer and the link's next
 * version, if there is one. Nothing is remembered here and nothing can fail: an answer that the
 * user will not like is still an answer.
 */
import { matchesEntityTag } from '../../links/entity-tag.ts'
import type { EpochMs } from '../../links/ids.ts'
import { isPeriod } from '../../links/link-fields.ts'
import { ABSENT, obstacleOf, type Lifecycle, type Link } from '../../links/link.ts'
import { hasOptions, optionsOf } from '../../links/link-options.ts'
import {
  newLink,
  redirectOfVisit,
  withChanges,
  type CreateRequest,
  type ImportRequest,
  type Repeatable,
  type UpdateRequest,
  type WriteRequest,
  type WriteResult,
} from '../../links/link-owner.ts'

export interface Decision {
  readonly result: WriteResult
  /** The version to log before the answer may go out; undefined: nothing changes. */
  readonly next?: Link
}

const isGiven = (link: Link | undefined): link is Link =>
  link !== undefined && link.lifecycle !== 'purged'

export function decide(link: Link | undefined, request: WriteRequest, now: EpochMs): Decision {
  switch (request.kind) {
    case 'create':
      return isGiven(link) ? decideOnGiven(link, request) : create(request, now)
    case 'import':
      return isGiven(link) ? decideOnThere(link, request) : takeIn(request)
    case 'visit':
      return visit(link, now)
    case 'update':
    case 'delete':
    case 'restore':
    case 'purge':
      return isGiven(link) ? decideOnChange(link, request, now) : { result: { kind: 'absent' } }
  }
}

function create(request: CreateRequest, now: EpochMs): Decision {
  const next = newLink(request, now)
  return { result: { kind: 'created', link: next }, next }
}

/** A code once given is never given to another URL, deleted or not. */
function decideOnGiven(link: Link, request: CreateRequest): Decision {
  const isPlain = link.expiresAt === null && link.maxVisits === null && !hasOptions(link)
  const answers = request.reuse && link.lifecycle === 'live' && isPlain && link.url === request.url
  return { result: answers ? { kind: 'reused', link } : { kind: 'taken' } }
}

function takeIn(request: ImportRequest & Repeatable): Decision {
  const { kind: _kind, operationId: _id, ...next } = request
  return { result: { kind: 'created', link: next }, next }
}

/** The same import may come again, also after the link has gone on. */
function decideOnThere(link: Link, request: ImportRequest): Decision {
  const answers = hasBecome(link, request) || isAlike(link, request)
  return { result: answers ? { kind: 'reused', link } : { kind: 'taken' } }
}

/** Whether it is the link that was imported, in that version or a later one. */
function hasBecome(link: Link, imported: ImportRequest): boolean {
  if (link.url !== imported.url || link.createdAt !== imported.createdAt) return false
  const isSameVersion = link.updatedAt === imported.updatedAt && link.visits >= imported.visits
  return isSameVersion || link.updatedAt > imported.updatedAt
}

/** Whether nothing tells the two apart but when they were made, and who chose the code. */
function isAlike(link: Link, imported: ImportRequest): boolean {
  return told(link) === told(imported)
}

/** Of a link all but that, as text. */
function told(one: ImportRequest | Link): string {
  const { url, title, tags, expiresAt, maxVisits, visits, lifecycle } = one
  const options = optionsOf(one)
  return JSON.stringify([url, title, tags, expiresAt, maxVisits, visits, lifecycle, options])
}

/** Whatever else the link asks for (a password, rules) is done with by then. */
function visit(link: Link | undefined, now: EpochMs): Decision {
  const blocked = link === undefined ? ABSENT : obstacleOf(link, now)
  if (blocked?.kind === 'scheduled') return { result: { kind: 'absent' } }
  if (blocked !== undefined) return { result: blocked }
  if (link!.maxVisits === null) return { result: redirectOfVisit(link!) }
  const next = { ...link!, visits: link!.visits + 1 }
  return { result: redirectOfVisit(next), next }
}

type ChangeRequest = Exclude<WriteRequest, CreateRequest | ImportRequest | { kind: 'visit' }>

function decideOnChange(link: Link, request: ChangeRequest, now: EpochMs): Decision {
  const isDeleted = link.lifecycle === 'deleted'
  if (isDeleted && (request.kind === 'update' || request.kind === 'delete')) {
    return { result: { kind: 'gone', reason: 'deleted' } }
  }
  if (!isDeleted && request.kind === 'restore') return { result: { kind: 'not_deleted' } }
  if (request.ifMatch !== undefined && !matchesEntityTag(request.ifMatch, link)) {
    return { result: { kind: 'stale' } }
  }
  switch (request.kind) {
    case 'update':
      return update(link, request, now)
    case 'delete':
      return done(inLifecycle(link, 'deleted', now))
    case 'restore':
      return done(inLifecycle(link, 'live', now))
    case 'purge':
      return { result: { kind: 'done', link }, next: tombstoneOf(link, now) }
  }
}

function update(link: Link, request: UpdateRequest, now: EpochMs): Decision {
  const changed = withChanges(link, request.changes)
  if (!isPeriod(changed)) return { result: { kind: 'unfit' } }
  const isSame = JSON.stringify(changed) === JSON.stringify(link)
  if (isSame) return { result: { kind: 'done', link } }
  return done({ ...changed, updatedAt: after(link.updatedAt, now) })
}

function inLifecycle(link: Link, lifecycle: Lifecycle, now: EpochMs): Link {
  return { ...link, lifecycle, updatedAt: after(link.updatedAt, now) }
}

/** What is left of a purged link: its code and when it was made, so that indexes find it. */
function tombstoneOf(link: Link, now: EpochMs): Link {
  const { code, createdAt, updatedAt, isAlias, lifecycle } = inLifecycle(link, 'purged', now)
  const nothing = { url: '', title: null, tags: [], expiresAt: null, maxVisits: null, visits: 0 }
  return { code, createdAt, updatedAt, isAlias, lifecycle, ...nothing }
}

const done = (next: Link): Decision => ({ result: { kind: 'done', link: next }, next })

/** Rises with each change even when the clock stands or steps back, so that entity tags differ. */
function after(previous: EpochMs, now: EpochMs): EpochMs {
  return Math.max(now, previous + 1) as EpochMs
}
