/**
 * What must hold when a run has come to rest: everything mended, every answer given, all flushed.
 *
 * Partitions: each is answered for by exactly one node. Store: it has what the cluster says, link by
 * link, tombstones aside; and it is not behind any entry that the log still holds.
 */
import { POSITION_NONE, type Code, type PartitionId } from '../links/ids.ts'
import { codeOfRecord, decodeLink } from '../links/link-record.ts'
import { decodeLogRecord, isForeignPayload } from '../persistence/log/log-record.ts'
import { outcomeOfLink } from './answers.ts'
import type { Population } from './population.ts'
import type { Surroundings } from './surroundings.ts'

/** Why it is not at rest yet, in words; undefined: it is. */
export function unrestOf(population: Population, { ring }: Surroundings): string | undefined {
  for (const node of population.living) {
    if (node.state !== 'up') return `${node.nodeId} is ${node.state}`
    const unrest = node.program.unrest()
    if (unrest !== undefined) return `${node.nodeId}: ${unrest}`
  }
  for (const partition of ring.all()) {
    const owners = ownersOf(population, partition)
    if (owners.length !== 1) return `partition ${partition} is served by [${owners.join(' ')}]`
  }
  return undefined
}

function ownersOf(population: Population, partition: PartitionId): string[] {
  const owners = population.up.filter(({ program }) => program.isServing(partition))
  return owners.map(({ nodeId }) => nodeId)
}

/**
 * Partitions that nobody answers for and that could be taken over although the store is away: those
 * without dead letters. In words; undefined: there is none.
 */
export async function heldUpOf(
  population: Population,
  { ring, states }: Surroundings,
): Promise<string | undefined> {
  const letters = await Array.fromAsync(states.log.deadLetters())
  const waiting = new Set(letters.map(({ partition }) => partition))
  const isServed = (partition: PartitionId) =>
    population.living.some(({ program }) => program.isServing(partition))
  const heldUp = ring.all().find((id) => !waiting.has(id) && !isServed(id))
  return heldUp === undefined ? undefined : `partition ${heldUp} is served by nobody`
}

/** What of the store is not as the cluster says; undefined: nothing. */
export async function storeFault(
  { states }: Surroundings,
  said: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  for (const [code, outcome] of said) {
    const version = await states.store.get(code as Code)
    const stored = outcomeOfLink(version && decodeLink(version.record))
    if (stored !== outcome) return `the store has ${code} as ${stored}, its owner as ${outcome}`
  }
  return undefined
}

/** A logged version that is newer than the store's; undefined: there is none. */
export async function logFault({ states, ring }: Surroundings): Promise<string | undefined> {
  for (const partition of ring.all()) {
    for await (const { position, payload } of states.log.readAfter(partition, POSITION_NONE)) {
      if (isForeignPayload(payload)) continue
      const record = decodeLogRecord(payload)
      for (const bytes of record.kind === 'batch' ? record.records : []) {
        const code = codeOfRecord(bytes)
        const stored = await states.store.get(code)
        // A purged link leaves the store for good once its tombstone has been there.
        if (stored !== undefined && stored.position < position) {
          return `the log has ${code} at ${position}, the store at ${stored.position}`
        }
      }
    }
  }
  return undefined
}
