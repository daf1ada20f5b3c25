/**
 * A take-over in the wrong order, planted on purpose: the store is read before the log is closed to
 * the earlier owner.
 *
 * Stands in for log and store of one node. Before an epoch record goes to the log, the partition's
 * links are read from the store, which takes its time; what is loaded later is what was read then.
 */
import type { LinkVersion } from '../links/link-record.ts'
import type { Clock } from '../links/clock.ts'
import type { PartitionId } from '../links/ids.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { decodeLogRecord } from '../persistence/log/log-record.ts'
import type { Log } from '../persistence/log/log.ts'
import { delegateLog, delegateStore } from './delegates.ts'

/** How long it takes to read a partition of many links. */
const LOAD_MS = 800

export function readStoreFirst(
  log: Log,
  store: LinkStore,
  clock: Clock,
): { log: Log; store: LinkStore } {
  const early = new Map<PartitionId, readonly LinkVersion[]>()

  async function readEarly(partition: PartitionId): Promise<void> {
    const versions: LinkVersion[] = []
    for await (const some of store.load([partition])) versions.push(...some)
    await new Promise<void>((resolve) => clock.after(LOAD_MS, resolve))
    early.set(partition, versions)
  }

  async function* load(partitions: readonly PartitionId[]) {
    const late = partitions.filter((partition) => !early.has(partition))
    for (const partition of partitions) yield early.get(partition) ?? []
    if (late.length > 0) yield* store.load(late)
  }

  return {
    log: delegateLog(log, {
      append: async (partition, payload, expectedLast, appendKind) => {
        const { kind } = decodeLogRecord(Buffer.from(payload))
        if (kind === 'epoch') await readEarly(partition).catch(() => {})
        return log.append(partition, payload, expectedLast, appendKind)
      },
    }),
    store: delegateStore(store, { load }),
  }
}
