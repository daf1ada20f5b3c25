/**
 * Where a cluster of this machine keeps its data: the servers' files, the API key, the nodes' logs.
 *
 * One that was named is kept, and one process at a time has it; without a name it is a temporary one
 * that is removed at the end. Names of nodes are never given twice, as a node must have a new one at
 * each start: how many there were is kept too.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { loadOrCreateApiKey } from '../persistence/data-directory/api-key-file.ts'
import { DirectoryLock } from '../persistence/data-directory/directory-lock.ts'
import { CommandError } from './command-error.ts'

const COUNT_FILE = 'nodes-started'

export class ClusterDirectory {
  readonly path: string
  readonly isKept: boolean
  readonly apiKey: string
  readonly #lock: DirectoryLock

  private constructor(directory: string, isKept: boolean, apiKey: string, lock: DirectoryLock) {
    this.path = directory
    this.isKept = isKept
    this.apiKey = apiKey
    this.#lock = lock
  }

  /**
   * @param dataDir undefined: a temporary one
   * @param apiKey undefined: the one kept there, or a new one
   * @throws CommandError
   */
  static async open(dataDir?: string, apiKey?: string): Promise<ClusterDirectory> {
    const isKept = dataDir !== undefined
    const directory = isKept ? path.resolve(dataDir) : makeTemporary()
    try {
      mkdirSync(path.join(directory, 'logs'), { recursive: true })
      const lock = await DirectoryLock.acquire(directory)
      if (lock === undefined) throw new CommandError(`Another cluster runs on ${directory}.`)
      const key = apiKey ?? (await loadOrCreateApiKey(directory)).apiKey
      return new ClusterDirectory(directory, isKept, key, lock)
    } catch (error) {
      if (!isKept) removeAll(directory)
      if (error instanceof CommandError) throw error
      throw new CommandError(`${directory} cannot be used: ${(error as Error).message}`)
    }
  }

  /** A name that no node of this data had. */
  nextNode(): string {
    const file = path.join(this.path, COUNT_FILE)
    const number = countIn(file) + 1
    writeFileSync(file, `${number}\n`)
    return `n${number}`
  }

  logFileOf(node: string): string {
    return path.join(this.path, 'logs', `${node}.log`)
  }

  async close(): Promise<void> {
    await this.#lock.release()
    this.removeUnkept()
  }

  /** At once: for an end that waits for nothing. */
  removeUnkept(): void {
    if (!this.isKept) removeAll(this.path)
  }
}

function makeTemporary(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'tinygrid-cluster-'))
}

function removeAll(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

function countIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}
