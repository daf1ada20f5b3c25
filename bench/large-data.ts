/**
 * A data directory with tens of millions of links, made in minutes.
 *
 * A node makes the directory; what it would have flushed is then written by the store's own code, in the
 * order of the ring, so that each commit touches few pages. Code and URL follow from a link's number, so
 * that nothing is kept to visit it. Rejected: the bulk interface, which needs an hour for as many.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashCode } from '../links/hash.ts'
import type { Code, EpochMs, LogPosition, PartitionId } from '../links/ids.ts'
import { encodeLink, type LinkVersion } from '../links/link-record.ts'
import { systemLongWork } from '../links/long-work.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { urlOfLink, type VisitedLink } from './link-set.ts'
import { startTinygrid } from './server-process.ts'

const PARTITIONS = 256
/** Where each log ends when its node has started once: its first entry tells the epoch. */
const POSITION = 1 as LogPosition
const CREATED_AT = Date.UTC(2024, 0, 1)
const WRITE_LINKS = 50_000
/** Links that hash to one of these lie together. */
const BUCKETS = 2 ** 16
const CODE_LENGTH = 7
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Numbers from here on are of codes that were never given. */
const UNKNOWN_FROM = 2 ** 31

/** The link with a number. */
export function largeLink(index: number): VisitedLink {
  return { code: codeOf(index), url: urlOfLink(index) }
}

/** A code that no link has. */
export function unknownCode(index: number): Code {
  return codeOf(UNKNOWN_FROM + index)
}

/** Fills an empty data directory. */
export async function makeLargeData(
  dataDir: string,
  links: number,
  say: (line: string) => void,
): Promise<void> {
  assert(links < UNKNOWN_FROM)
  const node = await startTinygrid({ dataDir })
  await node.stop()
  const order = orderOfRing(links)
  const work = systemLongWork()
  const store = await LmdbLinkStore.open(join(dataDir, 'store'), { partitions: PARTITIONS, work })
  const startedAt = performance.now()
  for (let from = 0; from < links; from += WRITE_LINKS) {
    const some = order.subarray(from, from + WRITE_LINKS)
    await store.write(Array.from(some, (index, at) => versionOf(index, CREATED_AT + from + at)))
    if (from % 1_000_000 === 0) say(`  ${from} links written, ${seconds(startedAt)} s`)
    await sleep(0)
  }
  const all = Array.from({ length: PARTITIONS }, (_, id) => [id as PartitionId, POSITION] as const)
  await store.saveCheckpoints(new Map(all))
  await store.close()
  say(`  ${links} links written, ${seconds(startedAt)} s`)
}

function seconds(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 1000)
}

function versionOf(index: number, createdAt: number): LinkVersion {
  const { code, url } = largeLink(index)
  const at = createdAt as EpochMs
  const record = encodeLink({
    code: code as Code,
    url,
    title: null,
    tags: [],
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
    maxVisits: null,
    visits: 0,
    isAlias: false,
    lifecycle: 'live',
  })
  return { code: code as Code, position: POSITION, record }
}

/** The links' numbers, by the buckets of their hashes. */
function orderOfRing(links: number): Uint32Array {
  const buckets = new Uint16Array(links)
  const next = new Uint32Array(BUCKETS + 1)
  for (let index = 0; index < links; index++) {
    const bucket = hashCode(codeOf(index)) >>> 16
    buckets[index] = bucket
    next[bucket + 1]!++
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) next[bucket + 1]! += next[bucket]!
  const order = new Uint32Array(links)
  for (let index = 0; index < links; index++) order[next[buckets[index]!]!++] = index
  return order
}

/** Different for different numbers below 2 ** 32: the mixing of the lower 32 bits can be undone. */
function codeOf(index: number): Code {
  let number = mixed(index) + (mixed(index ^ 0x5bd1e995) & 0x1ff) * 2 ** 32
  let code = ''
  for (let i = 0; i < CODE_LENGTH; i++) {
    code += DIGITS[number % DIGITS.length]!
    number = Math.floor(number / DIGITS.length)
  }
  return code as Code
}

/** MurmurHash3's finaliser. */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
