/**
 * What was fixed when a database was made: format, partitions, and whose it is.
 *
 * Used by `mongo-database.ts` at each first contact, by several nodes at the same time too. A
 * database that is empty although the cluster has made one was lost; one with another identity is
 * another cluster's, or NATS has lost its data. Neither is read or written.
 */
import type { Collection, FindOptions } from 'mongodb'
import type { DataIdentity } from '../../cluster/nats/cluster-settings.ts'
import { ClusterDataError } from '../../links/errors.ts'
import { failureOf } from './mongo-failure.ts'

export interface SettingsDocument {
  readonly _id: 'settings'
  readonly format: number
  readonly partitions: number
  readonly identity: string
}

export interface SettingsCheck {
  readonly settings: Collection<SettingsDocument>
  /** With which a true primary alone answers. */
  readonly options: FindOptions
  readonly partitions: number
  readonly identity: DataIdentity
  /** Makes what comes before the settings; may be repeated. */
  readonly prepare: () => Promise<void>
  /** For people: which database, where. */
  readonly where: string
}

export const SETTINGS = { _id: 'settings' } as const
const FORMAT = 1

/** @throws ClusterDataError unless the database is this cluster's */
export async function checkDatabase(check: SettingsCheck): Promise<void> {
  const { settings, options, identity, where } = check
  // In this order: between the two looks another node may make it.
  const wasMade = await identity.wasMade('store')
  if ((await settings.findOne(SETTINGS, options)) === null) {
    if (wasMade) {
      throw new ClusterDataError(
        `${where} has lost this cluster's links; restore a backup, or correct MONGO_URL`,
      )
    }
    await begin(check)
  }
  compare(check, await settings.findOne(SETTINGS, options))
  await identity.noteMade('store')
}

/**
 * The settings come last, so that what has settings has its indexes: they cannot be made twice in
 * FerretDB. Two nodes may begin at once; the first settings count.
 */
async function begin({ settings, prepare, partitions, identity }: SettingsCheck): Promise<void> {
  await prepare()
  try {
    const { identity: own } = identity
    await settings.insertOne({ ...SETTINGS, format: FORMAT, partitions, identity: own })
  } catch (error) {
    if (failureOf(error) !== 'duplicate') throw error
  }
}

function compare(
  { partitions, identity, where }: SettingsCheck,
  stored: SettingsDocument | null,
): void {
  if (stored?.format !== FORMAT) {
    throw new ClusterDataError(
      `${where} has format ${stored?.format}, this version reads ${FORMAT}; ` +
        'use the version that made it, or another database',
    )
  }
  if (stored.partitions !== partitions) {
    throw new ClusterDataError(
      `${where} was made with ${stored.partitions} partitions, not ${partitions}; ` +
        `set TINYGRID_PARTITIONS=${stored.partitions}, or use another database`,
    )
  }
  if (stored.identity !== identity.identity) {
    throw new ClusterDataError(
      `${where} has the links of another cluster, or of this one before NATS lost its data; ` +
        "restore NATS's data, or set another TINYGRID_NAMESPACE; if its data cannot be had, " +
        '`tinygrid restore --from-mongodb` makes NATS anew (docs/backup.md tells what is lost)',
    )
  }
}
