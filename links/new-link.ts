/**
 * A link as a request to create one makes it.
 *
 * Used where it is decided, and where a gateway is told no more of it than when that was.
 */
import type { EpochMs } from './ids.ts'
import type { Link } from './link.ts'
import type { CreateRequest } from './link-owner.ts'

export function newLink(request: CreateRequest, now: EpochMs): Link {
  const { code, url, title, tags, expiresAt, maxVisits, isAlias } = request
  const settings = { code, url, title, tags, expiresAt, maxVisits, isAlias }
  return { ...settings, createdAt: now, updatedAt: now, visits: 0, lifecycle: 'live' }
}

/** Whether nothing has happened to the link since: each change makes `updatedAt` a later one. */
export function isNew({ createdAt, updatedAt, visits, lifecycle }: Link): boolean {
  return createdAt === updatedAt && visits === 0 && lifecycle === 'live'
}
