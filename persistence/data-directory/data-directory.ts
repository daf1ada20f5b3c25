/**
 * The data directory: what makes it one, and whether this process may use it.
 *
 * Used at the start of the embedded way, before anything else touches the directory. It holds
 *
 *   format.json   the version of the layout, the number of partitions, whether case matters in codes, when
 *                 it was made, and an identity, which log and store carry too: parts of two directories are told apart
 *   log/ store/   an LMDB environment each
 *   api-key       the key made at the first start
 *   lock-*.sock   the lock of the process that uses it (`directory-lock.ts`)
 *
 * A directory that is locked, newer, damaged, foreign or made for another number of partitions or another case of codes is
 * refused with one sentence that names it and says what to do, and is left as it is. `format.json`
 * calls the directory ready once both environments exist, so that a crash in the middle of making
 * them is told from one that has lost them later.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { CodeCase } from '../../links/code-case.ts'
import { API_KEY_FILE_NAME } from './api-key-file.ts'
import { DirectoryLock, isLockName } from './directory-lock.ts'
import { upgradeDirectory } from './format-upgrade.ts'
import { syncDirectory, UNFINISHED_SUFFIX, writeDurably } from './durable-file.ts'
import { isOutOfSpace, LmdbEnvironment } from './lmdb-environment.ts'
import { findDamage } from './lmdb-file.ts'

/** The directory cannot be used; the message is for the person who starts the process. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

export interface DataDirectoryOptions {
  readonly partitions: number
  /** 'sensitive' if left out. */
  readonly codeCase?: CodeCase
  /** To look at what is there: it is neither made nor brought to a newer format. */
  readonly isCheck?: boolean
}

interface Format {
  readonly product: 'tinygrid'
  readonly format: number
  readonly partitions: number
  /** 'sensitive' if left out. */
  readonly codeCase?: CodeCase
  /** Random; undefined in format 1. */
  readonly identity?: string
  readonly createdAt: string
  readonly isReady: boolean
}

/** 1: no identity, no checksums in the store; upgraded at the start. */
const FORMAT = 2
/** As 2, with codes in small letters: a program that does not know of it must not give others. */
const FOLDED_FORMAT = 3
const IDENTITY_BYTES = 16
const FORMAT_FILE_NAME = 'format.json'
/** Of copies of what a repair has removed. */
export const REMOVED_PREFIX = 'removed-'
const RESTORE = 'restore it as a whole from one backup'
const ENVIRONMENTS = ['log', 'store']
/** What may be there besides in a fresh volume. */
const IGNORED_NAMES = new Set(['lost+found', '.DS_Store', API_KEY_FILE_NAME])

export class DataDirectory {
  /** Random; log and store have the same. */
  readonly identity: string
  readonly #lock: DirectoryLock

  private constructor(lock: DirectoryLock, identity: string) {
    this.#lock = lock
    this.identity = identity
  }

  /**
   * Makes the directory or checks it, and keeps other processes out until `close`.
   *
   * @throws DataDirectoryError
   */
  static async open(directory: string, options: DataDirectoryOptions): Promise<DataDirectory> {
    const root = path.resolve(directory)
    try {
      if (options.isCheck !== true) await mkdir(root, { recursive: true, mode: 0o700 })
      await readFormat(root, options) // touches nothing, unlike the lock
      return await DataDirectory.#openLocked(root, options)
    } catch (error) {
      if (isOutOfSpace(error)) throw refusal(root, 'cannot be used: its disk is full; make room')
      const { syscall, message } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      throw refusal(root, `cannot be used: ${message}`)
    }
  }

  static async #openLocked(root: string, options: DataDirectoryOptions): Promise<DataDirectory> {
    const lock = await DirectoryLock.acquire(root)
    if (lock === undefined) {
      throw refusal(root, 'is in use by another process; stop that one or set another directory')
    }
    try {
      const format = await readFormat(root, options)
      const isOld = format?.isReady !== true || format.format < FORMAT
      if (options.isCheck === true && isOld) {
        throw refusal(root, 'was not made or not brought up to date yet; start it once')
      }
      const isReady = format?.isReady === true
      const identity = await (isReady ? check(root, format) : create(root, options))
      return new DataDirectory(lock, identity)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Lets others in. Call it when log and store are closed. */
  async close(): Promise<void> {
    await this.#lock.release()
  }
}

/** What the directory says of itself; undefined if it is new. */
async function readFormat(
  root: string,
  { partitions, codeCase = 'sensitive' }: DataDirectoryOptions,
): Promise<Format | undefined> {
  const names = (await readdir(root)).filter((name) => !isPassing(name))
  if (names.length === 0) return undefined
  if (!names.includes(FORMAT_FILE_NAME)) {
    throw refusal(root, 'holds other files and is not a data directory; set an empty or new one')
  }
  const format = parseFormat(await readFile(path.join(root, FORMAT_FILE_NAME), 'utf8'))
  if (format === undefined) {
    throw refusal(root, `is damaged: ${FORMAT_FILE_NAME} cannot be read; restore it from a backup`)
  }
  if (format.format > FOLDED_FORMAT) {
    throw refusal(
      root,
      `has format ${format.format}, this version knows up to ${FOLDED_FORMAT}; start a newer version`,
    )
  }
  if (format.partitions !== partitions) {
    throw refusal(
      root,
      `was made with ${format.partitions} partitions, not ${partitions}; ` +
        `set TINYGRID_PARTITIONS to ${format.partitions} or use another directory`,
    )
  }
  const made = format.codeCase ?? 'sensitive'
  if (made !== codeCase) {
    throw refusal(
      root,
      `was made with codes that are case-${made}, not ${codeCase}; ` +
        `set TINYGRID_CODE_CASE to ${made}, or export its links and import them into another directory`,
    )
  }
  return format
}

/** Whether a name says nothing about what the directory is. */
export function isPassing(name: string): boolean {
  const isCopy = name.startsWith(REMOVED_PREFIX)
  return isCopy || IGNORED_NAMES.has(name) || isLockName(name) || name.endsWith(UNFINISHED_SUFFIX)
}

function parseFormat(text: string): Format | undefined {
  try {
    const format = JSON.parse(text) as Partial<Format> | null
    const isFormat = format?.product === 'tinygrid' && Number.isInteger(format.format)
    return isFormat ? (format as Format) : undefined
  } catch {
    return undefined
  }
}

function checkEnvironments(root: string): void {
  for (const name of ENVIRONMENTS) {
    const file = path.join(name, 'data.mdb')
    const damage = findDamage(path.join(root, file))
    if (damage === undefined) continue
    throw refusal(root, `is damaged: ${file} ${damage}; restore the directory from a backup`)
  }
}

/** @returns its identity */
async function check(root: string, format: Format): Promise<string> {
  checkEnvironments(root)
  if (format.format >= FORMAT) return checkIdentity(root, format)
  const identity = newIdentity()
  const why = await upgradeDirectory(root, identity)
  if (why !== undefined) {
    throw refusal(root, `holds a log and a store that do not belong together: ${why}; ${RESTORE}`)
  }
  await writeFormat(root, { ...format, format: FORMAT, identity })
  return identity
}

async function checkIdentity(root: string, { identity }: Format): Promise<string> {
  for (const name of ENVIRONMENTS) {
    const environment = new LmdbEnvironment(path.join(root, name))
    const found = environment.identity
    await environment.close()
    if (found === identity) continue
    throw refusal(
      root,
      `holds parts of different directories: ${name}/ is of ${found ?? 'none'}, ` +
        `${FORMAT_FILE_NAME} of ${identity}; ${RESTORE}`,
    )
  }
  return identity!
}

function newIdentity(): string {
  return randomBytes(IDENTITY_BYTES).toString('hex')
}

/** @returns its identity */
async function create(
  root: string,
  { partitions, codeCase }: DataDirectoryOptions,
): Promise<string> {
  const createdAt = new Date().toISOString()
  const identity = newIdentity()
  const format: Format = {
    product: 'tinygrid',
    ...(codeCase === 'insensitive' ? { format: FOLDED_FORMAT, codeCase } : { format: FORMAT }),
    partitions,
    identity,
    createdAt,
    isReady: false,
  }
  await writeFormat(root, format)
  for (const name of ENVIRONMENTS) {
    const directory = path.join(root, name)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const environment = new LmdbEnvironment(directory)
    try {
      await environment.hold()
      await environment.setIdentity(identity)
    } finally {
      await environment.close()
    }
    await syncDirectory(directory)
  }
  await syncDirectory(root)
  await writeFormat(root, { ...format, isReady: true })
  return identity
}

async function writeFormat(root: string, format: Format): Promise<void> {
  const text = `${JSON.stringify(format, undefined, 2)}\n`
  await writeDurably(path.join(root, FORMAT_FILE_NAME), text)
}

function refusal(root: string, why: string): DataDirectoryError {
  return new DataDirectoryError(`The data directory ${root} ${why}.`)
}
