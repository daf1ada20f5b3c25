/**
 * A backup of everything that a running node or its cluster has, as one stream of bytes.
 *
 * Used by the gateway, embedded and in a cluster alike: links of one moment (`persistence/backup/log-tail.ts`),
 * keys as hashes, webhooks and reports, blocked hosts, audited changes, the click store. The key of the settings is not in it: whoever restores sets one. What
 * goes wrong on the way is the last block, so that whoever reads knows why there is no end.
 */
import type { Analytics } from '../clicks/analytics/analytics.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import { pause, systemClock } from '../links/clock.ts'
import type { CodeCase } from '../links/code-case.ts'
import { hasCode, TinygridError } from '../links/errors.ts'
import { toEpochMs, type EpochMs, type LogPosition, type PartitionId } from '../links/ids.ts'
import type { LongWork } from '../links/long-work.ts'
import {
  DAMAGED_MAX,
  type BackupEnd,
  type BackupHeader,
} from '../persistence/backup/backup-format.ts'
import { BackupWriter } from '../persistence/backup/backup-writer.ts'
import { LinkBackup } from '../persistence/backup/link-backup.ts'
import { linkBlocks } from '../persistence/backup/link-block.ts'
import type { Log } from '../persistence/log/log.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { KeptBlocks } from './kept-blocks.ts'
import type { AccessSeams } from './front.ts'
import type { Node } from './node.ts'
import { PROGRAM_VERSION } from './program-version.ts'

/** How long the store may take for what is in the click log. */
const CATCH_UP_MS_MAX = 20_000
const CATCH_UP_PAUSE_MS = 100
/** Between two moments of a backup that goes on. */
const MOMENT_EVERY_MS = 5_000
const DONE = { share: 1 }
const LAGS_BEHIND = {
  detail: 'Clicks are not stored as they come: analytics lags behind the click log',
}

/** What a backup takes beside the links. */
export interface BackupSeams {
  /** Of the data directory or the cluster. */
  readonly identity: string
  /** Webhooks and reports, by name. */
  readonly hooks: () => Promise<ReadonlyMap<string, string>>
}

export interface NodeBackupOptions extends BackupSeams {
  readonly node: Pick<Node, 'ring' | 'writeBehind' | 'cluster'>
  readonly log: Log
  readonly store: LinkStore
  readonly work: LongWork
  readonly keys: KeyStore | undefined
  /** undefined: there are no blocked hosts, and nothing is audited. */
  readonly access: AccessSeams | undefined
  /** undefined: no clicks are stored. */
  readonly analytics: Pick<Analytics, 'visits' | 'status'> | undefined
  readonly codeCase: CodeCase
  readonly logStreams: number
  readonly now: () => number
  /** Between two moments of one that goes on. */
  readonly momentEveryMs?: number
  readonly onError: (what: string, error: unknown) => void
}

export type Backup = AsyncIterable<Buffer>

interface Counts {
  versions: number
  damagedCount: number
  readonly damaged: string[]
}

/**
 * @param until one moment after the other, until it is aborted; undefined: one moment
 * @throws TinygridError before it begins; what fails later is in it
 */
export async function beginBackup(
  options: NodeBackupOptions,
  until?: AbortSignal,
): Promise<Backup> {
  const { node, log, store, work, logStreams, now } = options
  const startedAt = new Date(now()).toISOString()
  const links = await LinkBackup.begin({
    log,
    store,
    work,
    partitions: node.ring.all(),
    clock: systemClock,
    hold: (from) => node.writeBehind.hold(from),
    goesOn: until !== undefined,
    // Positions are sequences of the log's streams; embedded each partition counts by itself.
    sequenceOf: (partition) => (node.cluster === undefined ? partition : partition % logStreams),
  })
  const blocks = blocksOf(options, links, startedAt, until)
  // From its first block on it cleans up behind itself, also where nobody reads on.
  return startedWith(await blocks.next(), blocks)
}

function startedWith(first: IteratorResult<Buffer>, rest: AsyncGenerator<Buffer>): Backup {
  let isFirst = true
  const next = async () => {
    if (!isFirst) return rest.next()
    isFirst = false
    return first
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: () => rest.return(undefined) }) }
}

async function* blocksOf(
  options: NodeBackupOptions,
  links: LinkBackup,
  startedAt: string,
  until: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const { node, identity, codeCase } = options
  const writer = new BackupWriter()
  const header: BackupHeader = {
    product: 'tinygrid',
    version: PROGRAM_VERSION,
    way: node.cluster === undefined ? 'embedded' : 'cluster',
    identity,
    partitions: node.ring.partitions,
    codeCase,
    startedAt,
  }
  try {
    yield await writer.begin(header)
    const counts: Counts = { versions: 0, damagedCount: 0, damaged: [] }
    const parts = { links, writer, counts, kept: new KeptBlocks(options, writer) }
    const moment = yield* momentOf(options, links.parts(), writer, counts)
    const access = yield* parts.kept.blocks()
    const clicks = yield* clicksOf(options, writer)
    let end: BackupEnd = { ...moment, ...access, ...clicks, ...counts }
    if (until !== undefined) end = yield* furtherMoments(options, parts, end, until)
    yield await writer.end(end)
  } catch (error) {
    options.onError('a backup could not be made', error)
    // Of the others nobody is told what they say.
    const detail = error instanceof TinygridError ? error.message : 'a fault of the program'
    yield await writer.json('failure', { detail })
  } finally {
    await links.close()
  }
}

interface Parts {
  readonly links: LinkBackup
  readonly writer: BackupWriter
  readonly counts: Counts
  readonly kept: KeptBlocks
}

/** @param first the moment that was read. @returns the last one */
async function* furtherMoments(
  options: NodeBackupOptions,
  { links, writer, counts, kept }: Parts,
  first: BackupEnd,
  until: AbortSignal,
): AsyncGenerator<Buffer, BackupEnd> {
  const { momentEveryMs = MOMENT_EVERY_MS } = options
  for (let end = first; ;) {
    yield await writer.moment(end)
    await pause(systemClock, momentEveryMs, until)
    if (until.aborted) return end
    const moment = yield* momentOf(options, links.further(), writer, counts)
    end = { ...end, ...moment, ...(yield* kept.blocks()), ...counts }
  }
}

/** Links are worth a backup without the clicks: where those are not to be had, it is told why. */
async function* clicksOf(
  { analytics, now }: NodeBackupOptions,
  writer: BackupWriter,
): AsyncGenerator<Buffer, Pick<BackupEnd, 'clicksBytes' | 'clicksLeftOut'>> {
  let clicksBytes = 0
  if (analytics === undefined) return { clicksBytes, clicksLeftOut: null }
  try {
    await caughtUp(analytics)
    const time = toEpochMs(now())
    const all = {
      from: 0 as EpochMs,
      to: time,
      filters: [],
      bots: 'include',
      orphans: true,
    } as const
    for await (const piece of analytics.visits({ ...all, timezone: 'UTC' }, 'copy', 0)) {
      clicksBytes += piece.length
      // Nothing yet: who waits is to know that it goes on.
      const isNone = piece.length === 0
      yield await (isNone ? writer.json('progress', DONE) : writer.block('clicks', piece))
    }
    return { clicksBytes, clicksLeftOut: null }
  } catch (error) {
    // Half a file is none.
    if (clicksBytes > 0 || !(error instanceof TinygridError)) throw error
    return { clicksBytes, clicksLeftOut: error.message }
  }
}

/** What was clicked before is in the store; @throws TinygridError analytics_unavailable */
async function caughtUp(analytics: Pick<Analytics, 'status'>): Promise<void> {
  const until = systemClock.now() + CATCH_UP_MS_MAX
  for (let last: number | undefined; ;) {
    try {
      const { position, lag } = await analytics.status()
      // Others click on: what was there at first is enough.
      last ??= position + lag
      if (lag === 0 || position >= last) return
      if (systemClock.now() > until) throw new TinygridError('analytics_unavailable', LAGS_BEHIND)
    } catch (error) {
      // A process that is just starting answers soon.
      const isPassing = hasCode(error, 'analytics_unavailable')
      if (!isPassing || systemClock.now() > until) throw error
    }
    await pause(systemClock, CATCH_UP_PAUSE_MS)
  }
}

/** Links up to a moment. */
async function* momentOf(
  { work, now }: NodeBackupOptions,
  parts: ReturnType<LinkBackup['parts']>,
  writer: BackupWriter,
  counts: Counts,
): AsyncGenerator<Buffer, Pick<BackupEnd, 'takenAt' | 'positions'>> {
  let told = -1
  for (let part = await parts.next(); ; part = await parts.next()) {
    if (part.done === true) {
      return { takenAt: new Date(now()).toISOString(), positions: inOrder(part.value) }
    }
    const { versions, damaged, share } = part.value
    if (share !== told) yield await writer.json('progress', { share })
    told = share
    counts.versions += versions.length
    counts.damagedCount += damaged.length
    counts.damaged.push(...damaged.slice(0, DAMAGED_MAX - counts.damaged.length))
    for (const block of await work.run(linkBlocks(versions), 'upkeep')) {
      yield await writer.block('links', block)
    }
  }
}

function inOrder(positions: ReadonlyMap<PartitionId, LogPosition>): number[] {
  return [...positions].sort(([a], [b]) => a - b).map(([, position]) => position)
}
