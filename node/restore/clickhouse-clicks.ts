/**
 * Clicks of a backup written into an empty ClickHouse, by way of a file beside this process.
 *
 * The file is needed because what it holds can only be read once it is whole. Nothing of it counts in ClickHouse
 * before all is there; a restore that was cut off leaves rows, and the next one asks for another database.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClickHouseClickStore } from '../../clicks/store/clickhouse-click-store.ts'
import type { Config } from '../../config.ts'
import { clickDirectories } from '../click-settings.ts'
import { serverTlsOf } from '../server-tls-settings.ts'
import { ClicksFile } from './clicks-file.ts'
import type { ClicksTarget } from './clicks-target.ts'

const STATEMENT_MS_MAX = 60_000

export class ClickHouseClicks implements ClicksTarget {
  readonly #store: ClickHouseClickStore
  readonly #place: string
  readonly #file: ClicksFile
  #closing: Promise<void> | undefined

  private constructor(store: ClickHouseClickStore, place: string, file: ClicksFile) {
    this.#store = store
    this.#place = place
    this.#file = file
  }

  /** undefined: the settings name none. @throws StartError if it has clicks already, or is not there */
  static async open(config: Config): Promise<ClickHouseClicks | undefined> {
    const { clickHouseUrl: url, namespace } = config
    if (url === undefined) return undefined
    const tls = serverTlsOf(config, 'CLICKHOUSE')
    const place = { url, namespace, tls, questionMsMax: STATEMENT_MS_MAX }
    const store = await ClickHouseClickStore.open(place)
    try {
      await store.assertEmpty()
      const folder = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
      return new ClickHouseClicks(store, folder, await ClicksFile.open(folder))
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async add(bytes: Uint8Array): Promise<void> {
    await this.#file.add(bytes)
  }

  async finish(): Promise<void> {
    await this.#file.finish()
    await this.#store.fillFrom(clickDirectories(this.#place).store)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#file.close()
    await this.#store.close()
    await rm(this.#place, { recursive: true, force: true })
  }
}
