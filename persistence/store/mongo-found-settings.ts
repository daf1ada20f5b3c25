/**
 * What a database of MongoDB says of itself, to who does not know whose it is.
 *
 * Used where NATS was lost, and a new one is made to fit the links that are left. Reads, and writes nothing.
 */
import { MongoClient } from 'mongodb'
import { StartError } from '../../links/errors.ts'
import { readTlsFiles } from '../../links/tls-files.ts'
import { databaseOf, type MongoSettings } from './mongo-database.ts'
import { SETTINGS, type SettingsDocument } from './mongo-settings.ts'

const FIND_MS_MAX = 10_000

/** undefined: it has no links of Tinygrid's. @throws StartError if it cannot be reached */
export async function findMongoSettings(
  place: Pick<MongoSettings, 'url' | 'namespace' | 'tls'>,
): Promise<Pick<SettingsDocument, 'partitions' | 'identity'> | undefined> {
  const { url, namespace, tls } = place
  const secured = tls && readTlsFiles(tls)
  const times = { serverSelectionTimeoutMS: FIND_MS_MAX, socketTimeoutMS: FIND_MS_MAX }
  try {
    const client = new MongoClient(url, { ...times, ...secured, appName: namespace })
    try {
      const database = client.db(databaseOf(place))
      const meta = database.collection<SettingsDocument>(`${namespace}.meta`)
      return (await meta.findOne(SETTINGS)) ?? undefined
    } finally {
      await client.close(true)
    }
  } catch (error) {
    // What the driver says may quote the URL.
    const { name } = error as Error
    throw new StartError(`MongoDB cannot be asked (${name}); check MONGO_URL`, { cause: error })
  }
}
