/**
 * Brings a data directory of format 1 to format 2: values with checksums, log and store with an
 * identity.
 *
 * Used once, at the first start of a directory from before. Log and store get the same identity only
 * if they can belong together as far as positions tell, since nothing else does yet. May be cut short
 * at any moment and begun again: each value tells its own format, and the directory's version file is
 * written last, by the caller.
 */
import path from 'node:path'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { CHUNKS } from '../log/log-chunk.ts'
import {
  checkpointWithChecksum,
  partitionOfKey,
  readCheckpoint,
  STORE_KEYSPACES,
  withChecksum,
} from '../store/link-entry.ts'
import { LmdbEnvironment, type Keyspace } from './lmdb-environment.ts'
import { inspectLog, mismatchOf } from './log-inspection.ts'

/** Values written in one transaction. */
const SLICE_VALUES_MAX = 1_000

/** Why it cannot be done; undefined: it is done. */
export async function upgradeDirectory(
  root: string,
  identity: string,
): Promise<string | undefined> {
  const log = new LmdbEnvironment(path.join(root, 'log'))
  const store = new LmdbEnvironment(path.join(root, 'store'))
  try {
    const mismatch = findMismatch(log, store)
    if (mismatch !== undefined) return mismatch
    await store.hold()
    const links = store.keyspace(STORE_KEYSPACES.links)
    await rewrite(store, links, (_key, value) => withChecksum(value))
    await rewrite(store, store.keyspace(STORE_KEYSPACES.checkpoints), checkpointWithChecksum)
    await store.setIdentity(identity)
    await log.hold()
    await log.setIdentity(identity)
    return undefined
  } finally {
    await log.close()
    await store.close()
  }
}

function findMismatch(log: LmdbEnvironment, store: LmdbEnvironment): string | undefined {
  const { spans } = lastOf(inspectLog(log.keyspace(CHUNKS)))
  const checkpoints = new Map<PartitionId, LogPosition>()
  for (const { key, value } of store.keyspace(STORE_KEYSPACES.checkpoints).getRange({})) {
    const written = checkpointWithChecksum(key, value) ?? value
    checkpoints.set(partitionOfKey(key), readCheckpoint(key, written) ?? (0 as LogPosition))
  }
  for (const partition of new Set([...spans.keys(), ...checkpoints.keys()])) {
    const checkpoint = checkpoints.get(partition) ?? (0 as LogPosition)
    const mismatch = mismatchOf(spans.get(partition), checkpoint)
    if (mismatch !== undefined) return `in partition ${partition} ${mismatch.why}`
  }
  return undefined
}

/** @param convert undefined: the value stays as it is */
async function rewrite(
  environment: LmdbEnvironment,
  keyspace: Keyspace,
  convert: (key: Buffer, value: Buffer) => Buffer | undefined,
): Promise<void> {
  let start: Buffer = Buffer.alloc(0)
  while (true) {
    const range = { start, exclusiveStart: true, limit: SLICE_VALUES_MAX }
    const entries = [...keyspace.getRange(start.length === 0 ? { limit: SLICE_VALUES_MAX } : range)]
    const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    await environment.commit({ bytes: 2 * bytes, touches: entries.length }, () => {
      for (const { key, value } of entries) {
        const converted = convert(key, value)
        if (converted !== undefined) void keyspace.put(key, converted)
      }
    })
    if (entries.length < SLICE_VALUES_MAX) return
    start = entries.at(-1)!.key
  }
}

function lastOf<T>(steps: Generator<undefined, T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}
