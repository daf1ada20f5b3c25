/**
 * The doctor's look at the data directory: whether it can be written, has room, is ours, and whose it is just now.
 *
 * It is neither made nor changed. Whether its links are whole is a question to `tinygrid verify`, which reads all.
 */
import { mkdtemp, readdir, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../config.ts'
import { API_KEY_FILE_NAME } from '../../persistence/data-directory/api-key-file.ts'
import {
  DataDirectory,
  DataDirectoryError,
} from '../../persistence/data-directory/data-directory.ts'
import { diskRoom, type DiskRoom } from '../../persistence/data-directory/disk-room.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

const CHECK = 'data directory'
/** With less, the next hours may fill the disk. */
const ROOM_BYTES_MIN = 256 * 2 ** 20
const READ_BY_OTHERS = 0o077
/** As locks are named: a server that starts meanwhile passes it over. */
const PROBE_PREFIX = 'lock-doctor-'
const IN_USE = /is in use by another process/
/** What the directory says of itself where a start has yet to make it, or to bring it up to date. */
const UNMADE = /was not made or not brought up to date yet/

export interface DirectoryOptions {
  /** A Tinygrid answers where this one would listen: the directory is its own. */
  readonly isRunning: boolean
  readonly roomOf?: (directory: string) => DiskRoom
}

export async function examineDirectory(
  config: Config,
  { isRunning, roomOf = diskRoom }: DirectoryOptions,
): Promise<Finding[]> {
  const root = path.resolve(config.dataDir)
  const place = await nearestThere(root)
  const fault = await whyUnwritable(place)
  if (fault !== undefined) {
    const advice = `let the user of the server write ${place}, or set TINYGRID_DATA_DIR`
    return [wrong(CHECK, `${root} cannot be written: ${fault}`, advice)]
  }
  const isEmbedded = config.natsUrl === undefined
  const content = place === root && isEmbedded ? await examineContent(root, config, isRunning) : []
  const first = content.length > 0 ? content : [ok(CHECK, `${root} can be written`)]
  return [...first, examineRoom(root, roomOf(place), config), ...(await examineKey(root))]
}

/** The directory, or the one above it that there is. */
async function nearestThere(directory: string): Promise<string> {
  const parent = path.dirname(directory)
  const isThere = await stat(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  return isThere || parent === directory ? directory : nearestThere(parent)
}

/** By trying: permissions, file systems and quotas all have their say. */
async function whyUnwritable(directory: string): Promise<string | undefined> {
  try {
    await rmdir(await mkdtemp(path.join(directory, PROBE_PREFIX)))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

async function examineContent(
  root: string,
  { partitions, codeCase }: Config,
  isRunning: boolean,
): Promise<Finding[]> {
  if ((await readdir(root)).length === 0) return []
  try {
    const directory = await DataDirectory.open(root, { partitions, codeCase, isCheck: true })
    await directory.close()
    return []
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error
    const { message } = error
    if (UNMADE.test(message)) return [ok(CHECK, `${root} can be written; the next start makes it`)]
    if (!IN_USE.test(message)) return [wrong(CHECK, message)]
    if (isRunning) return [ok(CHECK, `${root} is in use by the server that runs`)]
    return [warning(CHECK, message, 'a server that starts now would be refused')]
  }
}

function examineRoom(root: string, { free, reserve }: DiskRoom, config: Config): Finding {
  const found = `${gb(free)} are free on the disk of ${root}`
  if (free < reserve + ROOM_BYTES_MIN) {
    return wrong('disk', found, 'make room: below that, writes are refused sooner or later')
  }
  const logs = config.logBytesMax + (config.clicks ? config.clicksLogBytesMax : 0)
  if (config.natsUrl === undefined && free < logs + reserve) {
    return warning(
      'disk',
      `${found}, and its logs may take ${gb(logs)} (TINYGRID_LOG_MAX, TINYGRID_CLICKS_LOG_MAX)`,
      'make room, or lower both',
    )
  }
  return ok('disk', found)
}

async function examineKey(root: string): Promise<Finding[]> {
  if (process.platform === 'win32') return []
  const file = path.join(root, API_KEY_FILE_NAME)
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  )
  if ((mode & READ_BY_OTHERS) === 0) return []
  const found = `others than its owner may read ${file}`
  return [warning('API key', found, `chmod 600 ${file}`)]
}

function gb(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`
}
