/**
 * What clients asked and what they were told, per code, and what of it must not be.
 *
 * Answers of owners, and those of near caches within their age, go to the linearizability checker.
 * All others (Redis, the store, a node that was the owner once) may be old: they must be what the
 * code once was, and never say that it was not given.
 */
import type { Source } from '../cluster/protocol.ts'
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

function oldFault(entries: readonly Entry[]): string | undefined {
  for (const entry of entries.filter((made) => !isCurrent(made))) {
    const { outcome, source, returnedAt } = entry
    if (outcome === undefined || outcome === 'gone deleted' || outcome === 'gone used_up') continue
    const [kind, url] = outcome.split(' ')
    const isKnown = entries.some(({ operation, calledAt }) => {
      return urlOf(operation) === url && calledAt <= returnedAt
    })
    if (kind === 'redirect' && isKnown) continue
    return `${source} answered ${outcome}, which the code never was`
  }
  return undefined
}

function urlOf(operation: Operation): string | undefined {
  return 'url' in operation ? operation.url : undefined
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
export function describeHistory(entries: readonly Entry[]): string {
  const lines = entries
    .toSorted((a, b) => a.calledAt - b.calledAt)
    .map(({ calledAt, returnedAt, client, operation, outcome, source }) => {
      const until = returnedAt === Infinity ? 'never' : returnedAt.toFixed(1)
      const asked = JSON.stringify(operation)
      return `  ${calledAt.toFixed(1)}-${until} ${client} ${asked}: ${outcome ?? '?'} (${source})`
    })
  return lines.join('\n')
}
