/**
 * Makes a damaged data directory usable again, at the price of what is damaged.
 *
 * Used by `npm start -- --repair --accept-loss`, with what a check has found. Everything that is
 * removed is first copied into a file beside the data. In the log a damaged entry gives way to one
 * without links, so that all later ones keep their positions; in a log that has lost its end, such an
 * entry is put above all that the store has, or new writes would count as older than the store's. In
 * the store a damaged link goes, a checkpoint is set to where the log begins, and the indexes are made
 * to agree with the links. May be cut short and begun again.
 */
import path from 'node:path'
import { POSITION_NONE, type Epoch, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { codeOfRecord } from '../../links/link-record.ts'
import {
  chunkKey,
  chunkOfKey,
  CHUNKS,
  chunksOf,
  decodeChunk,
  encodeChunk,
  type ChunkEntry,
} from '../log/log-chunk.ts'
import { encodeLogRecord } from '../log/log-record.ts'
import { checkpointKey, checkpointValue, linkKey, readLinkValue } from '../store/link-entry.ts'
import { REMOVED_PREFIX } from './data-directory.ts'
import type { DirectoryReport, Environments } from './directory-check.ts'
import { writeDurably } from './durable-file.ts'
import type { Keyspace } from './lmdb-environment.ts'
import type { LogInspection } from './log-inspection.ts'
import { storeKeyspaces, type StoreKeyspaces } from './store-inspection.ts'

/** One key of the databases with what becomes of it; without a value it goes. */
interface Change {
  readonly keyspace: Keyspace
  readonly name: string
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** An entry that was lost in the middle of others is filled in; a longer stretch was trimmed. */
const FILLED_MAX = 10_000

/**
 * @param at names the file of copies
 * @returns the file with what was removed; undefined: nothing was
 */
export async function repairDirectory(
  root: string,
  environments: Environments,
  report: DirectoryReport,
  at: Date,
): Promise<string | undefined> {
  const { log, store } = environments
  const ofLog = [...logChanges(log.keyspace(CHUNKS), report)]
  const ofStore = [...storeChanges(storeKeyspaces(store), report)]
  const copy = await keepCopy(root, [...ofLog, ...ofStore], at)
  await log.hold()
  await log.commit(needOf(ofLog), () => carryOut(ofLog))
  await store.hold()
  await store.commit(needOf(ofStore), () => carryOut(ofStore))
  return copy
}

function* logChanges(chunks: Keyspace, { log, mismatches }: DirectoryReport): Generator<Change> {
  const change = (chunk: number, entries: readonly ChunkEntry[]): Change => {
    const value = entries.length === 0 ? undefined : encodeChunk(entries)
    return { keyspace: chunks, name: 'log', key: chunkKey(chunk), value }
  }
  const damaged = new Set(log.damage.map(({ chunk }) => chunk))
  const lasts = new Map<PartitionId, LogPosition>()
  let unreadable: { readonly chunk: number; readonly entries: ChunkEntry[] } | undefined
  let last = 0
  for (const { key, value } of chunks.getRange({})) {
    last = chunkOfKey(key)
    const entries = entriesOf(value)
    if (entries === undefined) {
      if (unreadable !== undefined) yield change(unreadable.chunk, unreadable.entries)
      unreadable = { chunk: last, entries: [] }
      continue
    }
    const kept: ChunkEntry[] = []
    for (const entry of entries) {
      const before = lasts.get(entry.partition) ?? POSITION_NONE
      if (entry.position <= before) continue
      unreadable?.entries.push(...fillers(log, entry, before))
      lasts.set(entry.partition, entry.position)
      kept.push(isDamaged(log, last, entry) ? filler(log, entry) : entry)
    }
    if (damaged.has(last)) yield change(last, kept)
  }
  if (unreadable !== undefined) yield change(unreadable.chunk, unreadable.entries)
  const ends = mismatches.filter(({ kind }) => kind === 'behind')
  const fresh = ends.map(({ partition, reached }) =>
    filler(log, { partition, position: (reached + 1) as LogPosition }),
  )
  for (const [index, entries] of chunksOf(fresh).entries()) yield change(last + 1 + index, entries)
}

/** undefined: they cannot be read. */
function entriesOf(value: Buffer): ChunkEntry[] | undefined {
  try {
    return [...decodeChunk(value)]
  } catch {
    return undefined
  }
}

function isDamaged(
  log: LogInspection,
  chunk: number,
  { partition, position }: ChunkEntry,
): boolean {
  return log.damage.some(
    (damage) =>
      damage.chunk === chunk &&
      damage.entry?.partition === partition &&
      damage.entry.position === position,
  )
}

/** For what an unreadable part has held of the partition before this entry. */
function fillers(
  log: LogInspection,
  { partition, position }: ChunkEntry,
  before: LogPosition,
): ChunkEntry[] {
  const missing = position - before - 1
  if (before === POSITION_NONE || missing > FILLED_MAX) return []
  return Array.from({ length: missing }, (_, index) =>
    filler(log, { partition, position: (before + 1 + index) as LogPosition }),
  )
}

/** An entry without links, in an epoch that nobody has written in. */
function filler(
  log: LogInspection,
  { partition, position }: Pick<ChunkEntry, 'partition' | 'position'>,
): ChunkEntry {
  const epoch = ((log.spans.get(partition)?.epoch ?? 0) + 1) as Epoch
  const batch = { kind: 'batch', epoch, batchId: 'repair', records: [], operations: [] } as const
  return { partition, position, payload: encodeLogRecord(batch) }
}

function* storeChanges(
  keyspaces: StoreKeyspaces,
  { log, store, mismatches }: DirectoryReport,
): Generator<Change> {
  const { links, checkpoints } = keyspaces
  for (const { key } of store.damagedLinks) {
    yield { keyspace: links, name: 'link', key, value: undefined }
    yield* rescued(links, key)
  }
  const moved = mismatches.filter(({ kind }) => kind === 'gap').map(({ partition }) => partition)
  for (const partition of [...store.damagedCheckpoints, ...moved]) {
    const key = checkpointKey(partition)
    const floor = log.spans.get(partition)?.floor ?? POSITION_NONE
    const value = floor === POSITION_NONE ? undefined : checkpointValue(key, floor)
    yield { keyspace: checkpoints, name: 'checkpoint', key, value }
  }
  for (const { index, key, isMissing } of store.indexFaults) {
    const value = isMissing ? Buffer.alloc(0) : undefined
    yield { keyspace: keyspaces[index], name: index, key, value }
  }
}

/** A whole value under a damaged key goes back to where it belongs. */
function* rescued(links: Keyspace, key: Buffer): Generator<Change> {
  const value = links.getBinary(key)
  const version = value && readLinkValue(value)
  if (version === undefined) return
  const own = linkKey(codeOfRecord(version.record))
  if (!links.doesExist(own)) yield { keyspace: links, name: 'link', key: own, value: value! }
}

/** What the changes take away, one JSON object a line, bytes in base64. */
async function keepCopy(
  root: string,
  changes: readonly Change[],
  at: Date,
): Promise<string | undefined> {
  const lines = changes.flatMap(({ keyspace, name, key }) => {
    const value = keyspace.getBinary(key)
    if (value === undefined || value.length === 0) return []
    return [`${JSON.stringify({ of: name, key: base64(key), value: base64(value) })}\n`]
  })
  if (lines.length === 0) return undefined
  const file = path.join(root, `${REMOVED_PREFIX}${at.toISOString().replaceAll(':', '-')}.ndjson`)
  await writeDurably(file, lines.join(''))
  return file
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64')
}

function carryOut(changes: readonly Change[]): void {
  for (const { keyspace, key, value } of changes) {
    void (value === undefined ? keyspace.remove(key) : keyspace.put(key, value))
  }
}

function needOf(changes: readonly Change[]) {
  const bytes = changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
  return { bytes: 2 * bytes, touches: changes.length, makesRoom: true }
}
