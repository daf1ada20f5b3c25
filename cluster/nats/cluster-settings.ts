/**
 * The settings that a cluster keeps for life: written by its first node, checked by every later one.
 *
 * The number of partitions decides in which partition's log and store range a link lies; a node
 * that counts otherwise would look for links where they are not. So it is checked before a node
 * takes its lease, and a node that disagrees does not start.
 */
import { hasCode, ClusterDataError } from '../../links/errors.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { isPartitionCount } from '../../links/ring.ts'
import { fieldsOf, isCount, Malformed, must, STORED_FORMAT } from '../stored-value.ts'

const SETTINGS_KEY = 'settings'
/** The store and the bucket's table hold the number too, and a wrong one is refused by both. */
const REMEDY =
  'Delete the key (`nats kv del`), and start with the TINYGRID_PARTITIONS of the cluster'

interface StoredSettings {
  readonly format: number
  readonly partitions: number
}

/** @throws ClusterDataError if the cluster is another one, TinygridError key_value_unavailable */
export async function checkSettings(keyValue: KeyValue, partitions: number): Promise<void> {
  const stored = await storedSettings(keyValue, { format: STORED_FORMAT, partitions })
  if (stored.partitions !== partitions) {
    throw new ClusterDataError(
      `TINYGRID_PARTITIONS is ${partitions}, and the cluster was created with ` +
        `${stored.partitions}, which cannot change. Set TINYGRID_PARTITIONS=${stored.partitions}.`,
    )
  }
}

async function storedSettings(keyValue: KeyValue, own: StoredSettings): Promise<StoredSettings> {
  const entry = await keyValue.get(SETTINGS_KEY)
  if (entry?.value !== undefined) return parseSettings(entry.value)
  try {
    await keyValue.create(SETTINGS_KEY, JSON.stringify(own))
    return own
  } catch (error) {
    if (!hasCode(error, 'key_value_conflict')) throw error
    // Another first node was faster; what it wrote is there now, and nobody deletes it.
    return storedSettings(keyValue, own)
  }
}

function parseSettings(text: string): StoredSettings {
  try {
    const { partitions } = fieldsOf(text)
    must(isCount(partitions) && isPartitionCount(partitions), 'it has no number of partitions')
    return { format: STORED_FORMAT, partitions }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const remedy = error.isNewer ? 'Start the version that made it, or a newer one' : REMEDY
    throw new ClusterDataError(
      `The cluster's key "${SETTINGS_KEY}" in NATS holds no settings: ${error.message}. ${remedy}.`,
    )
  }
}
