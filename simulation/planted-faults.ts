/**
 * Faults that are planted on purpose, to show that the simulator catches them.
 *
 * None is in the product: each stands in for one of the seams, or for one method of a real class
 * while a run lasts. A simulator that has never caught anything says nothing.
 */
import { OPEN_CALL, type OpenMessage } from '../actors/hand-off/hand-off-message.ts'
import { Operations } from '../actors/partition/operations.ts'
import { CodeCensus } from '../actors/memory/code-census.ts'
import { PartitionMemory } from '../actors/memory/partition-memory.ts'
import { Membership } from '../cluster/membership/membership.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import { hasCode } from '../links/errors.ts'
import type { LogPosition } from '../links/ids.ts'
import type { LinkVersion } from '../links/link-record.ts'
import { ForeignEntries } from '../persistence/log/foreign-entries.ts'
import { delegatePeers } from './delegates.ts'
import { readStoreFirst } from './early-store.ts'
import {
  ForgetfulLog,
  hastyLog,
  lettersEverywhere,
  logWithoutReserve,
  UnfencedLog,
} from './faulty-log.ts'
import { UnguardedStore } from './faulty-link-store.ts'
import { replaceGetter, replaceMethod } from './replacement.ts'
import type { Seams } from './simulated-node.ts'
import type { States, Surroundings } from './surroundings.ts'

export interface PlantedFault {
  readonly what: string
  /** What stands in for the shared states. */
  readonly states?: (surroundings: Pick<Surroundings, 'ring'>) => Partial<States>
  /** What stands in for the seams of each node. */
  readonly seams?: (seams: Seams) => Partial<Seams>
  /** Replaces a method of a real class; returns what puts it back. */
  readonly plant?: () => () => void
}

export const PLANTED_FAULTS = {
  'no-epoch-fence': {
    what: 'the log takes appends of replaced owners',
    states: () => ({ log: new UnfencedLog() }),
  },
  'memory-before-log': {
    what: 'memory changes and answers go out before the log has the write',
    seams: ({ log }) => ({ log: hastyLog(log) }),
  },
  'trim-beyond-checkpoint': {
    what: 'the log is trimmed before the store has its entries',
    states: () => ({ log: new ForgetfulLog() }),
  },
  'no-position-guard': {
    what: 'an older version overwrites a newer one in the store',
    states: ({ ring }) => ({ store: new UnguardedStore(ring) }),
  },
  'absent-while-incomplete': {
    what: 'a partition that does not know all its links answers that there is none',
    plant: () => replaceGetter(PartitionMemory.prototype, 'isComplete', () => true),
  },
  'source-forgets-early': {
    what: 'the source of a hand-off forgets the partition before the target has opened it',
    seams: ({ peers }) => ({ peers: delegatePeers(peers, { call: forgettingCall(peers) }) }),
  },
  'no-self-fencing': {
    what: 'a node whose lease has lapsed goes on answering as an owner',
    plant: () => replaceMethod(Membership.prototype, 'isFenced', () => false),
  },
  'store-before-log': {
    what: 'a take-over reads the store before it shuts the earlier owner out of the log',
    seams: ({ log, store, clock }) => readStoreFirst(log, store, clock),
  },
  'letters-hold-up-others': {
    what: 'a partition waits for the store because another one has a dead letter',
    seams: ({ log, partitions }) => ({ log: lettersEverywhere(log, partitions) }),
  },
  'no-reserve-for-epochs': {
    what: 'a full log takes no epoch record either, so that nobody comes to trim it',
    seams: ({ log }) => ({ log: logWithoutReserve(log) }),
  },
  'no-wait-for-operations': {
    what: 'a take-over decides a repeated write before it has read what was carried out',
    plant: () => replaceGetter(Operations.prototype, 'missingUpTo', () => undefined),
  },
  'filter-forgets-memory': {
    what: 'after a hand-off or a take-over the filter is told what the store has, not what memory has',
    plant: () => allOf(loadOfStoreAlone()),
  },
  'filter-before-all': {
    what: 'the filter answers for codes that only the store has before it was told of them',
    plant: () => loadOfMemoryAlone(),
  },
  'strangers-are-read': {
    what: 'an entry of another program in the log is taken for one of ours',
    plant: () =>
      replaceMethod(ForeignEntries.prototype, 'without', (_partition, entries) => all(entries)),
  },
  'anything-is-foreign': {
    what: 'an owner goes on behind whatever others wrote, without a look at it',
    plant: () => replaceMethod(ForeignEntries.prototype, 'append', appendBehindAll),
  },
} as const satisfies Record<string, PlantedFault>

async function* all<T>(entries: AsyncIterable<T>): AsyncGenerator<T> {
  yield* entries
}

/** Behind the last entry, whosever it is. */
async function appendBehindAll(
  ...[expectedLast, append, readAfter]: Parameters<ForeignEntries['append']>
): Promise<LogPosition> {
  const refused = await append(expectedLast).catch((error: unknown) => error)
  if (typeof refused === 'number') return refused as LogPosition
  if (!hasCode(refused, 'log_replaced')) throw refused
  let last = expectedLast
  for await (const { position } of readAfter(expectedLast)) last = position
  return append(last)
}

/** A load of codes leaves out what is in the link table. */
function loadOfStoreAlone(): (() => void)[] {
  return [
    replaceMethod(PartitionMemory.prototype, 'stepLoad', () => true),
    replaceGetter(CodeCensus.prototype, 'hasSeenTable', () => true),
  ]
}

/** A load of codes leaves out what the store has. */
function loadOfMemoryAlone(): () => void {
  type Load = (this: PartitionMemory, version: LinkVersion) => boolean
  const load = Object.getOwnPropertyDescriptor(PartitionMemory.prototype, 'load')!.value as Load
  return replaceMethod(
    PartitionMemory.prototype,
    'load',
    function (this: PartitionMemory, version) {
      return this.isLoading && !this.isLoadingLinks ? true : load.call(this, version)
    },
  )
}

function allOf(ends: readonly (() => void)[]): () => void {
  return () => {
    for (const end of ends) end()
  }
}

/** Asks the target to open, and goes on as if it had. */
function forgettingCall(peers: Peers): Peers['call'] {
  return async (node, name, params, timeoutMs) => {
    const answer = peers.call(node, name, params, timeoutMs)
    if (name !== OPEN_CALL) return answer
    answer.catch(() => {})
    const { epoch, lastPosition } = params as OpenMessage
    return { opened: { epoch: epoch + 1, position: lastPosition + 1 } }
  }
}
