/**
 * What the link table costs: bytes per link over the payload, and the time of each call.
 *
 * Run by itself (`node bench/link-table.ts [links]`) or as a part of `npm run bench`. It fills the
 * tables of one node with plain links, codes spread over partitions as in a real one, and then
 * reads at random with 5 % writes in between: half new links, half changed URLs of another length.
 * Each call is timed by itself, so a pause for growth, compaction or garbage shows up in the tail.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LinkTable } from '../actors/memory/link-table.ts'
import { type Code, type EpochMs, toLogPosition } from '../links/ids.ts'
import { encodeLink, RECORD_HEADER_BYTES, type LinkVersion } from '../links/link-record.ts'
import type { Link } from '../links/link.ts'
import { Ring } from '../links/ring.ts'

const LINKS = 4_000_000
const READS = 3_000_000
const WRITE_PERCENT = 5
const BATCH = 1000
const CLEAN = { dirty: false }
const NOW = 1_800_000_000_000 as EpochMs
const BASE62 = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
const CODE_LENGTH = 7

export interface LinkTableFigures {
  readonly links: number
  /** Allocated bytes per link, less its code and URL. */
  readonly bytesOverPayload: number
  /** The same by the process's resident set, less what of V8's heap is not in use. */
  readonly rssOverPayload: number
  /** 256 tables without a link. */
  readonly bytesWhenEmpty: number
  readonly insertsPerSecond: number
  readonly lookupsPerSecond: number
  readonly get: Quantiles
  readonly set: Quantiles
  /** Making the code that is asked for: what a busy machine adds to any call, the table apart. */
  readonly control: Quantiles
}

/** Microseconds. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly p9999: number
  readonly max: number
}

export async function measureLinkTable(links = LINKS): Promise<LinkTableFigures> {
  const before = await residentBytes()
  const tables = new Tables()
  const bytesWhenEmpty = tables.bytes
  const insertsPerSecond = fill(tables, links)
  const bytesOverPayload = (tables.bytes - tables.payload) / links
  const rssOverPayload = ((await residentBytes()) - before - tables.payload) / links
  const lookupsPerSecond = lookUp(tables, links)
  const { get, set, control } = mix(tables, links)
  return {
    links,
    bytesOverPayload,
    rssOverPayload,
    bytesWhenEmpty,
    insertsPerSecond,
    lookupsPerSecond,
    get,
    set,
    control,
  }
}

/** The tables of one node, and the bytes of the codes and URLs that were put into them. */
class Tables {
  readonly #ring = new Ring(256)
  readonly #tables = this.#ring.all().map(() => new LinkTable())
  #position = 0
  payload = 0

  of(code: Code): LinkTable {
    return this.#tables[this.#ring.partitionOf(code)]!
  }

  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.bytes, 0)
  }

  fill(versions: readonly LinkVersion[]): void {
    for (const version of versions) this.of(version.code).setIfAbsent(version)
  }

  /** A version of the link with this number, with another URL each time. */
  version(index: number): LinkVersion {
    const link: Link = {
      code: codeOf(index),
      url: `https://www.example.org/articles/${index}/`.padEnd(60 + random(21), 'how-to-shorten-'),
      title: null,
      tags: [],
      createdAt: NOW,
      updatedAt: NOW,
      expiresAt: null,
      maxVisits: null,
      visits: 0,
      isAlias: false,
      lifecycle: 'live',
    }
    this.#position++
    return { code: link.code, position: toLogPosition(this.#position), record: encodeLink(link) }
  }
}

function fill(tables: Tables, links: number): number {
  let elapsedMs = 0
  for (let first = 0; first < links; first += BATCH) {
    const length = Math.min(BATCH, links - first)
    const versions = Array.from({ length }, (_, i) => tables.version(first + i))
    for (const { record } of versions) tables.payload += record.length - RECORD_HEADER_BYTES
    const start = performance.now()
    tables.fill(versions)
    elapsedMs += performance.now() - start
  }
  return links / (elapsedMs / 1000)
}

function lookUp(tables: Tables, links: number): number {
  let elapsedMs = 0
  for (let done = 0; done < READS; done += BATCH) {
    const codes = Array.from({ length: BATCH }, () => codeOf(random(links)))
    const start = performance.now()
    for (const code of codes) tables.of(code).lookup(code, NOW)
    elapsedMs += performance.now() - start
  }
  return READS / (elapsedMs / 1000)
}

function mix(tables: Tables, links: number): Record<'get' | 'set' | 'control', Quantiles> {
  const gets = new Samples(READS)
  const sets = new Samples(READS)
  const controls = new Samples(READS)
  for (let i = 0, next = links; i < READS; i++) {
    if (random(100) < WRITE_PERCENT) {
      const version = tables.version(random(2) === 0 ? next++ : random(links))
      const start = performance.now()
      tables.of(version.code).set(version, CLEAN)
      sets.add(performance.now() - start)
    } else {
      const before = performance.now()
      const code = codeOf(random(links))
      const start = performance.now()
      controls.add(start - before)
      tables.of(code).get(code)
      gets.add(performance.now() - start)
    }
  }
  return { get: gets.quantiles(), set: sets.quantiles(), control: controls.quantiles() }
}

/** Times of single calls; allocated beforehand, so that keeping them disturbs none of them. */
class Samples {
  readonly #ms: Float64Array
  #count = 0

  constructor(most: number) {
    this.#ms = new Float64Array(most)
  }

  add(ms: number): void {
    this.#ms[this.#count++] = ms
  }

  quantiles(): Quantiles {
    const sorted = this.#ms.subarray(0, this.#count).sort()
    const us = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]! * 1000
    return { p50: us(0.5), p99: us(0.99), p9999: us(0.9999), max: us(1) }
  }
}

/** A different code of 7 characters for each index below 2^32, spread evenly. */
function codeOf(index: number): Code {
  let rest = mixBits(index) * 819 + (index % 819)
  const code = Buffer.allocUnsafe(CODE_LENGTH)
  for (let i = CODE_LENGTH - 1; i >= 0; i--) {
    code[i] = BASE62[rest % 62]!
    rest = Math.floor(rest / 62)
  }
  return code.toString('latin1') as Code
}

let state = 1

/** A whole number below `bound`, the same sequence in every run. */
function random(bound: number): number {
  state = (state + 0x9e3779b9) >>> 0
  return Math.floor((mixBits(state) / 2 ** 32) * bound)
}

/** One to one on 32 bits (MurmurHash3's finaliser). */
function mixBits(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** The resident set once garbage is gone; the heap keeps room for more, which is not counted. */
async function residentBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise(setImmediate)
  }
  const { rss, heapTotal, heapUsed } = process.memoryUsage()
  return rss - (heapTotal - heapUsed)
}

if (import.meta.main) {
  const figures = await measureLinkTable(Number(process.argv[2] ?? LINKS))
  const { get, set, control, ...totals } = figures
  console.table(totals)
  console.table({ 'get (us)': get, 'set (us)': set, 'control (us)': control })
}
