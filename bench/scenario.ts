/**
 * What a scenario is, and what it is given: options, a folder of its own, and the loaded links.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { visitedLinks, type VisitedLink } from './link-set.ts'
import { loadData, type LoadedData } from './loaded-data.ts'
import type { Measure } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { untilComplete } from './server-metrics.ts'
import {
  spawnTinygrid,
  untilReady,
  type ServerProcess,
  type TinygridOptions,
} from './server-process.ts'

export interface Scenario {
  readonly name: string
  readonly about: string
  run(bench: Bench): Promise<Measure[]>
}

export class Bench {
  readonly options: BenchOptions
  /** Goes away with the process. */
  readonly folder: string
  readonly #servers: ServerProcess[] = []
  readonly #ends: (() => Promise<void>)[] = []
  #loaded: Promise<LoadedData> | undefined
  #copies = 0

  constructor(options: BenchOptions) {
    this.options = options
    this.folder = mkdtempSync(join(tmpdir(), 'tinygrid-bench-'))
    // However the run ends, so that an interrupted one leaves no gigabytes behind.
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }))
  }

  /** Says what goes on, beside the figures. */
  say(line: string): void {
    console.error(line)
  }

  /** The loaded links; made when first asked for. */
  loaded(): Promise<LoadedData> {
    this.#loaded ??= this.#load()
    return this.#loaded
  }

  async visitedLinks(): Promise<VisitedLink[]> {
    return visitedLinks((await this.loaded()).codes)
  }

  /** A data directory of its own with the loaded links. */
  async loadedDataDir(): Promise<string> {
    const dataDir = this.emptyDataDir()
    await (await this.loaded()).copyTo(dataDir)
    return dataDir
  }

  emptyDataDir(): string {
    return join(this.folder, `data-${this.#copies++}`)
  }

  /** Tinygrid, ready. Ends with the scenario. */
  async start(options: TinygridOptions): Promise<ServerProcess> {
    const server = this.keep(await this.spawn(options))
    await untilReady(server)
    return server
  }

  /** Tinygrid with a copy of the loaded links, all of them in memory. Ends with the scenario. */
  async startLoaded(options: Omit<TinygridOptions, 'dataDir'> = {}): Promise<ServerProcess> {
    const server = await this.start({ ...options, dataDir: await this.loadedDataDir() })
    await untilComplete(server)
    return server
  }

  /** Tinygrid, not waited for. The caller ends it. */
  spawn(options: TinygridOptions): Promise<ServerProcess> {
    const { profileFolder } = this.options
    const nodeOptions =
      profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
    return spawnTinygrid({ ...options, nodeOptions })
  }

  keep(server: ServerProcess): ServerProcess {
    this.#servers.push(server)
    return server
  }

  /** To be done when the scenario ends. */
  atEnd(end: () => Promise<void>): void {
    this.#ends.push(end)
  }

  async endScenario(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()))
    await Promise.all(this.#ends.splice(0).map((end) => end()))
  }

  async #load(): Promise<LoadedData> {
    const { links, dataFolder } = this.options
    this.say(`loading ${links} links ...`)
    const loaded = await loadData(dataFolder ?? this.folder, links)
    const speed = loaded.linksPerSecond
    if (speed !== undefined) this.say(`loaded at ${Math.round(speed)} links/s`)
    return loaded
  }
}
