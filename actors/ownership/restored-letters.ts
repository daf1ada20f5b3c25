/**
 * Dead letters of the partitions that are opened: versions that only the log has, apart from its entries.
 *
 * Used by recovery. In: the log's letters, and the checkpoint up to which the store has all else. Out:
 * the versions that memory has to take before it takes what the log holds behind the checkpoint. A
 * letter that the store has overtaken is removed. So a partition with letters needs the store to be
 * opened, and no other does.
 */
import { parseRecord, type LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import type { DeadLetter, Log } from '../../persistence/log/log.ts'

export async function lettersByPartition(log: Log): Promise<Map<PartitionId, DeadLetter[]>> {
  const letters = new Map<PartitionId, DeadLetter[]>()
  for await (const letter of log.deadLetters()) {
    letters.set(letter.partition, [...(letters.get(letter.partition) ?? []), letter])
  }
  return letters
}

/**
 * Oldest first. Letters above the checkpoint are left out: the log still holds them, in their place.
 *
 * @throws TinygridError store_unavailable, log_unavailable
 */
export async function versionsOfLetters(
  { log, store }: { readonly log: Log; readonly store: LinkStore },
  letters: readonly DeadLetter[],
  checkpoint: LogPosition,
): Promise<LinkVersion[]> {
  const versions: LinkVersion[] = []
  const old = letters.filter(({ position }) => position <= checkpoint)
  for (const { key, position, payload } of old.sort((a, b) => a.position - b.position)) {
    const code = key as Code
    const stored = await store.get(code)
    if (stored !== undefined && stored.position >= position) {
      await log.removeDeadLetter(key, position)
      continue
    }
    const record = parseRecord(payload)
    // What is no link stays where it is, for a person to look at.
    if (record !== undefined) versions.push({ code, position, record })
  }
  return versions
}
