/**
 * Faults that are planted on purpose, to show that the simulator catches them.
 *
 * None is in the product: each stands in for one of the seams, or for one method of a real class
 * while a run lasts. A simulator that has never caught anything says nothing.
 */
import { PartitionMemory } from '../actors/partition-memory.ts'
import { ForgetfulLog, hastyLog, UnfencedLog } from './faulty-log.ts'
import { UnguardedStore } from './faulty-link-store.ts'
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
} as const satisfies Record<string, PlantedFault>

export type FaultName = keyof typeof PLANTED_FAULTS

function replaceGetter<T extends object>(owner: T, name: keyof T, get: () => unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name)!
  Object.defineProperty(owner, name, { ...original, get })
  return () => Object.defineProperty(owner, name, original)
}
