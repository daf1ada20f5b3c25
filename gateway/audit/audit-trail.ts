/**
 * The audit log as the gateway uses it: a change is noted before it is answered, and read again by admins.
 *
 * Used by every route that changes something. A note resolves once the log has it as durably as it has clicks: synced
 * to disk embedded, on a majority of the replicas in a cluster. So what was acknowledged is in it. Where it
 * cannot be written the change has been made and its answer is `audit_unavailable`: whoever asks again finds
 * out, and the log of changes of links (`persistence/log/`) has it anyway.
 *
 * `before` is what the gateway read just before: of two changes of one link at the same moment it may miss the other.
 * `after` is what the owner said.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ClickLogReader, ClickLogWriter, LoggedBatch } from '../../clicks/log/click-log.ts'
import { keptAddress, type IpPrivacy } from '../../clicks/ring/kept-address.ts'
import { parseAddress } from '../../links/ip-address.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { Caller } from '../api/key-ring.ts'
import { callerOf } from '../api/caller.ts'
import { clientAddress } from '../http/client-address.ts'
import {
  decodeAuditEntry,
  encodeAuditEntry,
  type AuditAction,
  type AuditCaller,
  type AuditedChange,
  type AuditEntry,
} from './audit-entry.ts'

/** Where entries are kept. */
export interface AuditLog {
  readonly writer: Pick<ClickLogWriter, 'append'>
  readonly reader: ClickLogReader
}

/** What routes do with it. */
export interface AuditNotes {
  /** false: nothing is noted, and nobody need find out what there was before. */
  readonly isOn: boolean
  /** What can be read; undefined: nothing is noted. */
  readonly trail: AuditTrail | undefined
  /** @throws TinygridError audit_unavailable */
  note(request: FastifyRequest, change: AuditedChange): Promise<void>
}

export const NO_AUDIT: AuditNotes = { isOn: false, trail: undefined, note: async () => {} }

export interface AuditTrailOptions {
  readonly log: AuditLog
  readonly node: string
  readonly ipPrivacy: IpPrivacy
  readonly now: () => EpochMs
}

export interface AuditFilter {
  readonly from?: EpochMs
  readonly to?: EpochMs
  readonly subject?: string
  /** The id of a key, or the subject of a person. */
  readonly key?: string
  readonly action?: AuditAction
}

export interface PlacedEntry {
  readonly position: number
  readonly entry: AuditEntry
}

export interface AuditPage {
  /** The newest first. Fewer than asked for although more follow, where many were passed over. */
  readonly entries: readonly PlacedEntry[]
  /** Where the next page begins; null: nothing follows. */
  readonly before: number | null
}

const APPEND_TRIES_MAX = 2
/** Entries that are read at once. */
const WINDOW = 200
/** Entries that one page looks at. */
const LOOKED_AT_MAX = 20_000
/** Clocks of nodes differ by less: entries are in the order in which they were written. */
const CLOCKS_MS_MAX = 60_000

export class AuditTrail implements AuditNotes {
  readonly isOn = true
  readonly #options: AuditTrailOptions

  constructor(options: AuditTrailOptions) {
    this.#options = options
  }

  get trail(): AuditTrail {
    return this
  }

  get reader(): ClickLogReader {
    return this.#options.log.reader
  }

  async note(request: FastifyRequest, change: AuditedChange): Promise<void> {
    const { node, ipPrivacy, now, log } = this.#options
    const address = keptAddress(parseAddress(clientAddress(request)) ?? '', ipPrivacy)
    const by = whoIs(callerOf(request))
    const entry = { at: now(), ...change, by, node, address: address === '' ? null : address }
    const payload = encodeAuditEntry(entry)
    const id = `audit-${randomUUID()}`
    for (let tries = 1; ; tries++) {
      try {
        return await log.writer.append(id, payload)
      } catch (cause) {
        if (tries < APPEND_TRIES_MAX) continue
        const detail = 'The change was made, but could not be noted in the audit log'
        throw new TinygridError('audit_unavailable', { detail, cause })
      }
    }
  }

  /** @param before a position: what is before it; undefined: all. @throws TinygridError audit_unavailable */
  async page(filter: AuditFilter, limit: number, before?: number): Promise<AuditPage> {
    const { firstPosition, lastPosition } = await this.#reading(() => this.reader.span())
    const entries: PlacedEntry[] = []
    let end = Math.min(before ?? lastPosition + 1, lastPosition + 1)
    const least = Math.max(firstPosition, end - LOOKED_AT_MAX)
    while (end > least) {
      const start = Math.max(least, end - WINDOW)
      const window = await this.#between(start, end)
      for (const placed of window.toReversed()) {
        const { from = 0 } = filter
        if (placed.entry.at < from - CLOCKS_MS_MAX) return { entries, before: null }
        if (!fitsFilter(filter, placed.entry)) continue
        entries.push(placed)
        if (entries.length === limit) return { entries, before: placed.position }
      }
      end = start
    }
    return { entries, before: end > firstPosition ? end : null }
  }

  async #between(start: number, end: number): Promise<PlacedEntry[]> {
    const found: PlacedEntry[] = []
    let after = start - 1
    while (after < end - 1) {
      const batches = await this.#reading(() => this.reader.read(after))
      if (batches.length === 0) break
      found.push(...placedIn(batches).filter(({ position }) => position < end))
      after = batches.at(-1)!.position
    }
    return found
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw new TinygridError('audit_unavailable', { cause })
    }
  }
}

export function placedIn(batches: readonly LoggedBatch[]): PlacedEntry[] {
  return batches.flatMap(({ position, payload }) => {
    const entry = decodeAuditEntry(payload)
    return entry === undefined ? [] : [{ position, entry }]
  })
}

export function fitsFilter(
  { from, to, subject, key, action }: AuditFilter,
  entry: AuditEntry,
): boolean {
  if (from !== undefined && entry.at < from) return false
  if (to !== undefined && entry.at >= to) return false
  if (subject !== undefined && entry.subject !== subject) return false
  if (key !== undefined && entry.by.id !== key) return false
  return action === undefined || entry.action === action
}

function whoIs(caller: Caller | undefined): AuditCaller {
  if (caller === undefined) return { kind: 'anybody', id: null, name: null, role: null }
  const { key, role, person } = caller
  if (person !== undefined) {
    return { kind: 'person', id: person.subject, name: person.name, role }
  }
  if (key === undefined) return { kind: 'settings', id: null, name: null, role }
  return { kind: 'key', id: key.id, name: key.name, role }
}
