/**
 * Where a backup goes: a file, standard output, or S3.
 *
 * What is not committed is not there: a file has another name until then, an upload in parts is no object.
 */
import { once } from 'node:events'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import { isS3Place, S3Object } from './s3-object.ts'

export interface BackupSink {
  write(bytes: Uint8Array): Promise<void>
  /** What was written so far is to stay whatever comes, and more does. undefined: that cannot be. */
  readonly mark?: () => Promise<void>
  /** It is whole. */
  commit(): Promise<void>
  /** Nothing of it is to be left that was not marked. Never throws. */
  abandon(): Promise<void>
}

const STANDARD_OUTPUT = '-'

/** @throws CommandError */
export async function sinkOf(
  place: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BackupSink> {
  if (place === STANDARD_OUTPUT) return standardOutput
  if (isS3Place(place)) return S3Object.at(place, env).upload()
  return FileSink.open(place)
}

const standardOutput: BackupSink = {
  write: async (bytes) => {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  },
  mark: async () => {},
  commit: async () => {},
  abandon: async () => {},
}

/** Readable by its owner alone: it has hashes of keys and passwords. */
class FileSink implements BackupSink {
  readonly #path: string
  readonly #handle: FileHandle
  /** It has its name. */
  #isShown = false

  private constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  static async open(path: string): Promise<FileSink> {
    const handle = await told(path, () => open(`${path}.part`, 'w', 0o600))
    return new FileSink(path, handle)
  }

  async write(bytes: Uint8Array): Promise<void> {
    await told(this.#path, () => this.#handle.writeFile(bytes))
  }

  async mark(): Promise<void> {
    await told(this.#path, async () => {
      await this.#handle.sync()
      if (!this.#isShown) await rename(`${this.#path}.part`, this.#path)
      this.#isShown = true
    })
  }

  async commit(): Promise<void> {
    await this.mark()
    await told(this.#path, () => this.#handle.close())
  }

  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {})
    if (!this.#isShown) await rm(`${this.#path}.part`, { force: true }).catch(() => {})
  }
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${(error as Error).message}`)
  }
}
