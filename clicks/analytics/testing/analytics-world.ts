/**
 * A click log in a directory, and the real analytics process over it, as a node has them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '../../../links/clock.ts'
import { toEpochMs, type Code, type EpochMs } from '../../../links/ids.ts'
import { encodeBatch } from '../../log/batch-codec.ts'
import { batchId, type ClickBatch } from '../../log/click-batch.ts'
import { LmdbClickLog } from '../../log/lmdb-click-log.ts'
import { sampleBatch, sampleClick } from '../../testing/sample-batches.ts'
import { AnalyticsSupervisor, type AnalyticsChild } from '../analytics-supervisor.ts'
import { forkAnalytics } from '../forked-analytics.ts'

const BYTES_MAX = 64 * 2 ** 20
const DAY_MS = 86_400_000
const STOP_MS = 20_000

export class AnalyticsWorld {
  readonly lines: string[] = []
  /** What processes said when they did not answer. */
  readonly refusals: string[] = []
  /** The codes of each tag, as a link store would tell. */
  readonly tags = new Map<string, Code[]>()
  readonly storeDirectory: string
  readonly #directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-analytics-'))
  readonly #supervisors: AnalyticsSupervisor[] = []
  readonly #children: AnalyticsChild[] = []
  #log: LmdbClickLog | undefined
  #number = 0
  #before = 0

  constructor() {
    this.storeDirectory = path.join(this.#directory, 'store')
  }

  /** Starts one more analytics process over the same log and store. */
  async start(): Promise<AnalyticsSupervisor> {
    await this.log()
    const supervisor = new AnalyticsSupervisor({
      settings: {
        log: { kind: 'lmdb', directory: this.#logDirectory },
        store: { kind: 'duckdb', directory: this.storeDirectory },
        retentionDays: 400,
        hooks: {
          values: { kind: 'file', file: path.join(this.#directory, 'hooks.json') },
          allowsPrivate: true,
          reportsDirectory: path.join(this.#directory, 'reports'),
        },
        keepsAddress: true,
        geoipFile: undefined,
        geoipAsnFile: undefined,
      },
      fork: () => {
        const child = forkAnalytics((text) => this.lines.push(text))
        this.#children.push(child)
        child.onMessage((said) => {
          if (said.type === 'error') this.refusals.push(said.message)
        })
        return child
      },
      clock: systemClock,
      random: Math.random,
      onLog: (_level, what, detail = '') => this.lines.push(`${what} ${detail}`),
    })
    this.#supervisors.push(supervisor)
    supervisor.start(async (tags) => {
      const wanted = tags === 'all' ? [...this.tags.keys()] : tags
      return new Map(wanted.map((tag) => [tag, this.tags.get(tag) ?? []]))
    })
    return supervisor
  }

  async log(): Promise<LmdbClickLog> {
    const options = { bytesMax: BYTES_MAX, ageMaxMs: DAY_MS, clock: systemClock, now }
    return (this.#log ??= await LmdbClickLog.open(this.#logDirectory, options))
  }

  /** A batch with so many clicks. */
  async append(clicks: number): Promise<void> {
    const batch: ClickBatch = sampleBatch(this.#number++, {
      before: this.#before,
      clicks: Array.from({ length: clicks }, () => sampleClick({ at: now() })),
    })
    this.#before += clicks
    await (await this.log()).append(batchId(batch), encodeBatch(batch))
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#children.at(-1)!.pid!
  }

  /** SIGKILL, for the process that was started last. */
  kill(): void {
    this.#children.at(-1)!.kill('SIGKILL')
  }

  async end(): Promise<void> {
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.close(STOP_MS)))
    await this.#log?.close()
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  get #logDirectory(): string {
    return path.join(this.#directory, 'log')
  }
}

function now(): EpochMs {
  return toEpochMs(Date.now())
}
