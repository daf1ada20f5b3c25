/**
 * Codes in whatever case they come, where case does not matter: the edge at which they are folded.
 *
 * Used by the gateway and the fast path, which then have these in the place of what they ask; where case
 * matters nothing of this is there, so it costs nothing. Links, answers, clicks and events have their codes
 * from behind the edge, in small letters. Rejected: to fold in each route, of which one would be forgotten.
 */
import type { FastifyRequest } from 'fastify'
import type { ClickNotes } from '../../clicks/ring/click-ring.ts'
import { foldCode, type CodeCase } from '../../links/code-case.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { LinkOwner, WriteRequest } from '../../links/link-owner.ts'
import type { Visitor } from '../../links/redirect-rules.ts'

export function ownerOfCase(owner: LinkOwner, codeCase: CodeCase): LinkOwner {
  return codeCase === 'sensitive' ? owner : new FoldingOwner(owner)
}

export function notesOfCase<T extends ClickNotes | undefined>(
  notes: T,
  codeCase: CodeCase,
): T | ClickNotes {
  return notes === undefined || codeCase === 'sensitive' ? notes : foldingNotes(notes)
}

class FoldingOwner implements LinkOwner {
  readonly #owner: LinkOwner

  constructor(owner: LinkOwner) {
    this.#owner = owner
  }

  lookup(code: Code, now: EpochMs) {
    return this.#owner.lookup(foldCode(code), now)
  }

  find(code: Code) {
    return this.#owner.find(foldCode(code))
  }

  resolve(code: Code, visitor: Visitor) {
    return this.#owner.resolve(foldCode(code), visitor)
  }

  read(code: Code) {
    return this.#owner.read(foldCode(code))
  }

  write(request: WriteRequest) {
    return this.#owner.write({ ...request, code: foldCode(request.code) })
  }
}

function foldingNotes(notes: ClickNotes): ClickNotes {
  return {
    note: (code, ...rest) => notes.note(foldCode(code), ...rest),
    noteRuled: (code, ...rest) => notes.noteRuled(foldCode(code), ...rest),
    noteOrphan: (code, ...rest) => notes.noteOrphan(foldCode(code), ...rest),
  }
}

/**
 * Folds the codes that a request of the API names beside the owner: for questions about clicks, events,
 * webhooks and reports. Call it when the request was checked.
 */
export function foldNamedCodes({ params, query, body }: FastifyRequest): void {
  for (const part of [params, query, body]) {
    if (typeof part !== 'object' || part === null || Buffer.isBuffer(part)) continue
    const named = part as Record<string, unknown>
    for (const name of ['code', 'codes']) {
      if (named[name] !== undefined) named[name] = folded(named[name])
    }
    for (const name of ['filter', 'filters']) {
      if (named[name] !== undefined) named[name] = foldedFilter(named[name])
    }
  }
}

/** Of the field `code` alone: as text in a query (`code:A,B`), as an object in a body. */
function foldedFilter(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(foldedFilter)
  if (typeof value === 'string') return value.startsWith('code:') ? value.toLowerCase() : value
  const { field, values } = (value ?? {}) as { field?: unknown; values?: unknown }
  return field === 'code' ? { ...(value as object), values: folded(values) } : value
}

function folded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(folded)
  return typeof value === 'string' ? value.toLowerCase() : value
}
