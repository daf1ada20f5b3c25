/**
 * The file of a click store, written from a backup into a data directory: what DuckDB opens at the next start.
 *
 * It knows the position of the click log up to which it has everything. A new click log begins with a higher one,
 * the time (`clicks/log/lmdb-click-log.ts`), so what is clicked from now on comes behind.
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { CLICK_STORE_FILE } from '../../clicks/store/duckdb-database.ts'
import { StartError } from '../../links/errors.ts'
import { clickDirectories } from '../click-settings.ts'
import type { ClicksTarget } from './clicks-target.ts'

export class ClicksFile implements ClicksTarget {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** @throws StartError if there is one */
  static async open(dataDir: string): Promise<ClicksFile> {
    const { store } = clickDirectories(dataDir)
    await mkdir(store, { recursive: true, mode: 0o700 })
    const file = path.join(store, CLICK_STORE_FILE)
    try {
      return new ClicksFile(await open(file, 'wx', 0o600))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new StartError(
        `The click store ${file} is there already, and is left as it is; move it away, or set another TINYGRID_DATA_DIR`,
      )
    }
  }

  async add(bytes: Uint8Array): Promise<void> {
    await this.#handle.writeFile(bytes)
  }

  /** It is on disk when it resolves. */
  async finish(): Promise<void> {
    await this.#handle.sync()
    await this.#handle.close()
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}
