/**
 * Clients that follow links, each one after the other, and what they were answered: compared with what the
 * click log and the click store have at the end.
 *
 * Every visit has a name of its own, which it carries as `utm_source`, so it is found again in both.
 */
import path from 'node:path'
import { DuckDbClickStore } from '../clicks/store/duckdb-click-store.ts'
import { decodeBatch } from '../clicks/log/batch-codec.ts'
import type { ClickLogReader } from '../clicks/log/click-log.ts'
import { LmdbClickReader } from '../clicks/log/lmdb-click-reader.ts'
import { systemClock } from '../links/clock.ts'
import { toEpochMs } from '../links/ids.ts'
import type { Program } from './program.ts'

/** Where a click lies, and which visit it is. */
export type PlacedVisit = string

export class ClickHistory {
  /** By client: the visits that were answered, in order. */
  readonly answered: string[][] = []
  /** Visits that were begun, answered or not. */
  readonly begun = new Set<string>()
  readonly #prefix: string
  #clients = 0

  /** @param prefix of the names of its visits, where there are several */
  constructor(prefix = '') {
    this.#prefix = prefix
  }

  /** One client's visits, one after the other, until the end or the first that is not answered. */
  async visit(program: Program, code: string, end: AbortSignal): Promise<void> {
    const mine: string[] = []
    const client = this.#clients++
    this.answered.push(mine)
    for (let visit = 0; !end.aborted; visit++) {
      const name = `${this.#prefix}v${client}-${visit}`
      this.begun.add(name)
      try {
        const response = await fetch(`${program.url}/${code}?utm_source=${name}`, {
          redirect: 'manual',
          signal: AbortSignal.timeout(30_000),
        })
        await response.arrayBuffer()
        if (response.status !== 302) return
      } catch {
        return
      }
      mine.push(name)
    }
  }
}

/** Everything that the click log of a data directory has, in its order. */
export async function loggedVisits(dataDir: string): Promise<PlacedVisit[]> {
  const reader = LmdbClickReader.of(path.join(clicksOf(dataDir), 'log'), systemClock)
  const visits = await visitsIn(reader)
  await reader.close()
  return visits
}

/** Everything that the log has, in its order. */
export async function visitsIn(reader: Pick<ClickLogReader, 'read'>): Promise<PlacedVisit[]> {
  const visits: PlacedVisit[] = []
  for (let last = 0; ;) {
    const batches = await reader.read(last)
    if (batches.length === 0) return visits
    for (const { position, payload } of batches) {
      for (const [index, { at, query }] of decodeBatch(payload).clicks.entries()) {
        visits.push(`${position}/${index} ${at} ${query.replace('utm_source=', '')}`)
      }
      last = position
    }
  }
}

export function nameOf(visit: PlacedVisit): string {
  return visit.split(' ')[2]!
}

/** Visits that are missing although a later one of the same client is there. */
export function holesIn(visits: readonly string[], inLog: ReadonlySet<string>): number {
  const last = visits.findLastIndex((name) => inLog.has(name))
  return visits.slice(0, Math.max(0, last)).filter((name) => !inLog.has(name)).length
}

/** Everything that the click store has, by its places. */
export async function storedVisits(dataDir: string): Promise<PlacedVisit[]> {
  const store = await DuckDbClickStore.open({
    directory: path.join(clicksOf(dataDir), 'store'),
    memoryBytesMax: 128 * 2 ** 20,
    threads: 1,
    questionMsMax: 60_000,
  })
  const rows: { position: number; index: number; text: PlacedVisit }[] = []
  const everything = {
    from: toEpochMs(0),
    to: toEpochMs(Date.now() + 60_000),
    filters: [],
    bots: 'include',
    orphans: false,
    timezone: 'UTC',
  } as const
  for await (const visits of store.visits(everything)) {
    for (const { position, index, at, utmSource } of visits) {
      rows.push({ position, index, text: `${position}/${index} ${at} ${utmSource}` })
    }
  }
  await store.close()
  rows.sort((a, b) => a.position - b.position || a.index - b.index)
  return rows.map(({ text }) => text)
}

function clicksOf(dataDir: string): string {
  return path.join(dataDir, 'data', 'clicks')
}
