/**
 * The restore command: a backup into an empty data directory or a new cluster.
 *
 * Reads the settings of the server that is to be started on it. No server runs meanwhile.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { readConfig, type Config } from '../config.ts'
import { StartError, TinygridError } from '../links/errors.ts'
import { systemLongWork } from '../links/long-work.ts'
import { ClickHouseClicks } from '../node/restore/clickhouse-clicks.ts'
import type { ClicksTarget } from '../node/restore/clicks-target.ts'
import { adoptMongo } from '../node/restore/mongo-adoption.ts'
import { ClusterTarget } from '../node/restore/cluster-target.ts'
import { DirectoryTarget } from '../node/restore/directory-target.ts'
import { checkBackup, writeBackup, type FoundBackup } from '../node/restore/restore-run.ts'
import type { RestoreTarget } from '../node/restore/restore-target.ts'
import { ConfigError } from '../node/setting.ts'
import { BackupError } from '../persistence/backup/backup-reader.ts'
import { DataDirectoryError } from '../persistence/data-directory/data-directory.ts'
import { CommandError, EXIT_CODES, runCommand } from './command-error.ts'
import { parseRestoreOptions, RESTORE_HELP, type RestoreOptions } from './restore-options.ts'
import { isS3Place, S3Object } from './s3-object.ts'
import { commandEnvironment } from './server-address.ts'
import { ShareDisplay } from './share-display.ts'

/** Their messages say all. */
const EXPECTED = [ConfigError, DataDirectoryError, StartError, TinygridError]

await runCommand(async () => {
  const options = parseRestoreOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(RESTORE_HELP)
    return EXIT_CODES.done
  }
  try {
    await run(options)
  } catch (error) {
    if (!EXPECTED.some((kind) => error instanceof kind)) throw error
    throw new CommandError((error as Error).message)
  }
  // A driver that looks for a server that is gone would keep the process.
  process.exit(EXIT_CODES.done)
})

async function run(options: RestoreOptions): Promise<void> {
  const env = await commandEnvironment()
  if (options.kind === 'adopt') return adopt(readConfig(env))
  const config = options.kind === 'check' ? undefined : readConfig(env)
  const source = await sourceOf(options.place)
  const readings = config === undefined ? 1 : 2
  const display = new ShareDisplay()
  let read = 0
  const open = async function* () {
    for await (const piece of source.open()) {
      read += piece.length
      display.add(piece.length)
      display.update(read / source.bytes / readings)
      yield piece
    }
  }
  const name = options.place
  const backup = await ofBackup(name, () => checkBackup(open, options.to))
  console.error(`${name}: ${sentenceOf(backup)}`)
  if (options.kind === 'check') return
  const target = await targetOf(config!, backup, options.movesAside)
  try {
    await ofBackup(name, () => writeBackup(open, target, backup))
  } finally {
    await target.close()
  }
  console.error(`Restored. ${settingsFor(config!, backup)}`)
}

async function adopt(config: Config): Promise<void> {
  if (config.natsUrl === undefined) {
    throw new ConfigError('NATS_URL is missing: --from-mongodb is for a cluster')
  }
  const links = await adoptMongo(config, systemLongWork())
  console.error(`NATS fits the ${links} links in MongoDB now. Start the nodes.`)
}

async function targetOf(
  config: Config,
  backup: FoundBackup,
  movesAside: boolean,
): Promise<RestoreTarget> {
  const hasClicks = backup.end.clicksBytes > 0
  const clicks = hasClicks ? await ClickHouseClicks.open(config) : undefined
  try {
    return await openTarget(config, backup, movesAside, clicks)
  } catch (error) {
    await clicks?.close()
    throw error
  }
}

function openTarget(
  config: Config,
  backup: FoundBackup,
  movesAside: boolean,
  clicks: ClicksTarget | undefined,
): Promise<RestoreTarget> {
  const work = systemLongWork()
  if (config.natsUrl === undefined) {
    const { dataDir } = config
    const options = { dataDir, backup, work, movesAside, clicks }
    return DirectoryTarget.open({ ...options, now: () => new Date() })
  }
  if (movesAside) throw new ConfigError('--move-aside is for a data directory; NATS_URL is set')
  const { lastPosition, header } = backup
  const { partitions, codeCase } = header
  return ClusterTarget.open({ config, work, partitions, codeCase, lastPosition, clicks })
}

function sentenceOf({ header, end, moments }: FoundBackup): string {
  const { way, version, identity, partitions } = header
  const of = way === 'cluster' ? 'a cluster' : 'a data directory'
  return (
    `a whole backup of ${of} (${identity}) at ${end.takenAt}, made by version ${version}: ` +
    `${end.versions} versions of links in ${partitions} partitions, ${end.keys} keys, ` +
    (end.clicksBytes === 0 ? 'no clicks.' : 'and the clicks.') +
    (moments === undefined ? '' : ` Reaches from ${moments.first} to ${moments.last} (--to).`)
  )
}

/** What the next start has to be told. */
function settingsFor(config: Config, { header }: FoundBackup): string {
  const wanted: string[] = []
  const { partitions, codeCase } = header
  if (partitions !== config.partitions) wanted.push(`TINYGRID_PARTITIONS=${partitions}`)
  if (codeCase !== config.codeCase) wanted.push(`TINYGRID_CODE_CASE=${codeCase}`)
  return wanted.length === 0
    ? 'The server can be started.'
    : `Start the server with ${wanted.join(' and ')}, as the backup has it.`
}

interface Source {
  readonly bytes: number
  open(): AsyncIterable<Uint8Array>
}

async function sourceOf(place: string): Promise<Source> {
  if (isS3Place(place)) {
    const object = S3Object.at(place, process.env)
    return { bytes: await object.size(), open: () => object.read() }
  }
  try {
    const { size } = await stat(place)
    return { bytes: size, open: () => createReadStream(place) }
  } catch (error) {
    throw new CommandError(`${place} cannot be read: ${(error as Error).message}`)
  }
}

async function ofBackup<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BackupError)) throw error
    throw new CommandError(`${name} ${error.message}.`)
  }
}
