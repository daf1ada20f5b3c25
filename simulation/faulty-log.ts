/**
 * Logs that break their contract on purpose: what the simulator has to catch.
 */
import { POSITION_NONE, type LogPosition, type PartitionId } from '../links/ids.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import type { AppendKind, Log } from '../persistence/log/log.ts'
import { delegateLog } from './delegates.ts'

/** Takes an append whatever the writer believes to be the last position: no owner is shut out. */
export class UnfencedLog extends MemoryLog {
  override async append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition> {
    const last = await this.last(partition)
    return super.append(partition, payload, last > expectedLast ? last : expectedLast, kind)
  }
}

/** Keeps the newest entry of each partition, whatever the store has. */
export class ForgetfulLog extends MemoryLog {
  override async append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition> {
    const position = await super.append(partition, payload, expectedLast, kind)
    await super.trim(partition, (position - 1) as LogPosition)
    return position
  }
}

/** Acknowledges an append at once, and then appends: memory is ahead of what is safe. */
export function hastyLog(log: Log): Log {
  const append: Log['append'] = async (partition, payload, last, kind) => {
    log.append(partition, payload, last, kind).catch(() => {})
    return (last + 1) as LogPosition
  }
  return delegateLog(log, { append })
}

/** Where there is a dead letter, every other partition seems to have one too, with nothing in it. */
export function lettersEverywhere(log: Log, partitions: number): Log {
  async function* deadLetters() {
    for await (const letter of log.deadLetters()) {
      yield letter
      for (let id = 0; id < partitions; id++) {
        const partition = id as PartitionId
        if (partition === letter.partition) continue
        yield { ...letter, partition, position: POSITION_NONE, payload: Buffer.alloc(0) }
      }
    }
  }
  return delegateLog(log, { deadLetters })
}

/** Takes nothing above its bound, not even what somebody becomes the owner with. */
export function logWithoutReserve(log: Log): Log {
  return delegateLog(log, {
    append: (partition, payload, last) => log.append(partition, payload, last),
  })
}
