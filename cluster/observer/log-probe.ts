/**
 * What is known of the log as a whole: how much it holds, and what a write in it survives.
 *
 * `LogFacts` is what an adapter tells; `LogProbe` asks it rarely and puts it into words.
 */
import type { Clock } from '../../links/clock.ts'
import type { Durability, LogState } from './cluster-status.ts'
import { Probe } from './probe.ts'

export type LogFacts = Omit<LogState, 'lagMs' | 'dirtyLinks' | 'durability'> & {
  readonly durability: Omit<Durability, 'description'>
}

export type DescribedLog = Omit<LogState, 'lagMs' | 'dirtyLinks'>

/** While the log has not answered, which only that of a cluster may not. */
const UNKNOWN: LogFacts = {
  kind: 'jetstream',
  entries: null,
  bytes: null,
  bytesMax: null,
  durability: {
    replicas: null,
    replicasCurrent: null,
    storage: null,
    syncsBeforeAnswer: null,
  },
  streams: [],
}

export class LogProbe {
  readonly #probe: Probe<LogFacts>

  constructor(read: () => Promise<LogFacts>, clock: Clock) {
    this.#probe = new Probe(read, clock)
  }

  /** As last told, but for what changes by itself while nobody tells. */
  async facts(): Promise<DescribedLog> {
    const { isAnswered, answer = UNKNOWN } = await this.#probe.look()
    const { replicasCurrent } = answer.durability
    const durability = {
      ...answer.durability,
      replicasCurrent: isAnswered ? replicasCurrent : null,
    }
    return { ...answer, durability: { ...durability, description: describe(durability) } }
  }
}

function describe({
  replicas,
  storage,
  syncsBeforeAnswer,
}: Omit<Durability, 'description'>): string {
  if (replicas === null) return 'The log has not told yet.'
  if (syncsBeforeAnswer === true && replicas === 1) {
    return 'Each write is synced to disk before it is answered.'
  }
  const held =
    storage !== 'file' ? 'in memory' : syncsBeforeAnswer === true ? 'synced to disk' : 'on disk'
  const who =
    replicas === 1
      ? `Each write is answered once the only copy has it, ${held}`
      : `Each write is answered once ${majority(replicas)} of ${replicas} copies have it, ${held}`
  if (syncsBeforeAnswer === true) return `${who}.`
  return `${who}; how soon a server syncs it is its sync_interval (2 minutes unless it is set).`
}

function majority(replicas: number): number {
  return Math.floor(replicas / 2) + 1
}
