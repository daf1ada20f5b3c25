/**
 * What clients asked and what they were told, per code, and what of it must not be.
 *
 * Answers of owners, and those of near caches within their age, go to the linearizability checker.
 * All others (Redis, the store, a node that was the owner once) may be old: they must be what the
 * code once was, and never say that it was not given.
 */
import type { Source } from '../links/link-owner.ts'
import { checkLinearizable, type Call } from './linearizability.ts'
import type { Operation } from './register.ts'

export interface Entry extends Call {
  readonly code: string
  readonly client: string
  /** Who answered, where an answer tells. */
  readonly source: Source
}

/** A near cache may be this old, beside the time that it took to ask. */
const NEAR_AGE_MS = 1_000 + 600

export class History {
  readonly #byCode = new Map<string, Entry[]>()

  add(entry: Entry): void {
    const entries = this.#byCode.get(entry.code)
    if (entries === undefined) this.#byCode.set(entry.code, [entry])
    else entries.push(entry)
  }

  get size(): number {
    return [...this.#byCode.values()].reduce((sum, { length }) => sum + length, 0)
  }

  sizeOf(code: string): number {
    return this.#byCode.get(code)?.length ?? 0
  }

  /** What is wrong with it, in words; undefined: nothing. */
  fault(): string | undefined {
    for (const [code, entries] of this.#byCode) {
      const fault = oldFault(entries) ?? orderFault(entries)
      if (fault !== undefined) return `${code}: ${fault}\n${describeHistory(entries)}`
    }
    return undefined
  }
}

function isCurrent({ source }: Entry): boolean {
  return source === 'owner' || source === 'near'
}

/** What says neither that the code was never given nor that a visit may pass uncounted. */
function oldFault(entries: readonly Entry[]): string | undefined {
  const odd = entries.find((entry) => !isCurrent(entry) && !couldBe(entries, entry))
  return odd && `${odd.source} answered ${odd.outcome}, which the code never was`
}

/** Whether something that was asked before can have led to the answer. */
function couldBe(entries: readonly Entry[], { outcome, returnedAt }: Entry): boolean {
  if (outcome === undefined) return true
  return entries.some(({ operation, calledAt }) => {
    return calledAt <= returnedAt && leadsTo(operation, outcome)
  })
}

function leadsTo(operation: Operation, outcome: string): boolean {
  const isMetered = operation.kind === 'create' && operation.maxVisits !== null
  if (outcome === 'gone deleted') return operation.kind === 'delete'
  if (outcome === 'gone used_up') return isMetered
  const isRuled = operation.kind === 'create' && operation.isRuled === true
  if (outcome === 'ruled') return isRuled
  return !isMetered && !isRuled && 'url' in operation && outcome === `redirect ${operation.url}`
}

function orderFault(entries: readonly Entry[]): string | undefined {
  const calls = entries
    .filter(isCurrent)
    .map(({ operation, calledAt, returnedAt, outcome, source }) => {
      const early = source === 'near' ? NEAR_AGE_MS : 0
      return { operation, calledAt: calledAt - early, returnedAt, outcome }
    })
  const { isLinearizable, order } = checkLinearizable(calls)
  if (isLinearizable) return undefined
  return `no order of the answers makes sense; the longest has ${order.length} of ${calls.length}`
}

/** A line per operation, in order of call. */
function describeHistory(entries: readonly Entry[]): string {
  const lines = entries
    .toSorted((a, b) => a.calledAt - b.calledAt)
    .map(({ calledAt, returnedAt, client, operation, outcome, source }) => {
      const until = returnedAt === Infinity ? 'never' : returnedAt.toFixed(1)
      const asked = JSON.stringify(operation)
      return `  ${calledAt.toFixed(1)}-${until} ${client} ${asked}: ${outcome ?? '?'} (${source})`
    })
  return lines.join('\n')
}
