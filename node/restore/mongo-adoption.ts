/**
 * Fits a new NATS to a MongoDB whose NATS has lost its data: streams and buckets for the links that are left.
 *
 * Used by `tinygrid restore --from-mongodb`. The highest position among the versions says where the new log has
 * to begin. The cluster keeps its identity, which MongoDB has. What only the old log had is lost.
 */
import type { Config } from '../../config.ts'
import { ClusterDataError } from '../../links/errors.ts'
import { POSITION_NONE, type LogPosition } from '../../links/ids.ts'
import { isWholeVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import { Ring } from '../../links/ring.ts'
import { findMongoSettings } from '../../persistence/store/mongo-found-settings.ts'
import { MongoLinkStore } from '../../persistence/store/mongo-link-store.ts'
import { serverTlsOf } from '../server-tls-settings.ts'
import { ClusterTarget } from './cluster-target.ts'

/** @returns how many versions there are. @throws ClusterDataError, StartError, TinygridError */
export async function adoptMongo(config: Config, work: LongWork): Promise<number> {
  const { namespace } = config
  const url = config.mongoUrl!
  const tls = serverTlsOf(config, 'MONGO')
  const found = await findMongoSettings({ url, tls, namespace })
  if (found === undefined) {
    throw new ClusterDataError(
      `MongoDB has no links of a cluster ${namespace}; correct MONGO_URL or TINYGRID_NAMESPACE`,
    )
  }
  const { partitions, identity } = found
  const own = { identity, wasMade: async () => true, noteMade: async () => {} }
  const store = await MongoLinkStore.open({ url, tls, namespace, partitions, identity: own }, work)
  const { codeCase } = config
  try {
    const { lastPosition, versions } = await highestIn(store, new Ring(partitions))
    const target = await ClusterTarget.adopt({
      config,
      work,
      partitions,
      codeCase,
      lastPosition,
      identity,
    })
    try {
      await target.finish()
    } finally {
      await target.close()
    }
    return versions
  } finally {
    await store.close()
  }
}

async function highestIn(store: MongoLinkStore, ring: Ring) {
  const checkpoints = await store.checkpoints()
  let lastPosition = Math.max(POSITION_NONE, ...checkpoints.values()) as LogPosition
  let versions = 0
  const partitions = ring.all()
  const step = await store.partitionsPerLoad()
  for (let from = 0; from < partitions.length; from += step) {
    for await (const batch of store.load(partitions.slice(from, from + step))) {
      for (const version of batch) {
        if (!isWholeVersion(version)) continue
        versions++
        if (version.position > lastPosition) lastPosition = version.position
      }
    }
  }
  return { lastPosition, versions }
}
