import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import type { LinkVersion } from '../../links/link-record.ts'
import type { EpochMs, LogPosition } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { CODE_HASH, type CodeHash } from './code-hash.ts'
import { LinkTable } from './link-table.ts'

const CLEAN = { dirty: false }
/** Header 17, padding 1.5, index 9.3, and 6.3 for the old index while its links move. */
const LINK_BYTES_OVER_PAYLOAD_MAX = 35
/** 4 million links in 256 partitions. */
const USUAL_LINKS = 15_625
const CHUNK_BYTES = 64 * 1024

/** A plain link with a code of 7 characters and a URL of 60 to 80. */
function plainLink(number: number, round = 0): LinkVersion {
  const url = 'https://www.example.org/'.padEnd(60 + ((number + round * 5) % 21), 'articles-')
  return linkVersion(String(1_000_000 + number), round, { url })
}

function filled(links: number, table = new LinkTable()): { table: LinkTable; payload: number } {
  let payload = 0
  for (let number = 0; number < links; number++) {
    const version = plainLink(number)
    payload += version.record.length - 10
    table.setIfAbsent(version)
  }
  return { table, payload }
}

/** Each number below `count` once, in another order in each round; `count` has prime factors 2, 5. */
function shuffled(number: number, round: number, count: number): number {
  const strides = [7919, 6007, 1009, 4001, 2503]
  return (number * strides[round % strides.length]!) % count
}

/** The table alone in its process: tests that run before would leave buffers to be collected. */
test.serial('a table says what it takes from the process', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const before = await buffersAtRest(collect)
  const { table } = filled(50_000)
  for (let number = 0; number < 50_000; number++) table.set(plainLink(number, number % 7), CLEAN)
  while (table.size > 20_000) table.evict(1000)
  // The collector sweeps buffers behind our back: what counts is where it comes to rest.
  for (const deadline = Date.now() + 10_000; ; await setImmediate()) {
    collect()
    const taken = process.memoryUsage().arrayBuffers - before
    if (Math.abs(taken - table.bytes) < 0.05 * table.bytes) break
    if (Date.now() > deadline) return t.fail(`${taken} taken, ${table.bytes} said`)
  }
  t.pass()
})

/** Bytes of buffers once what was dropped before is given back, which takes some collections. */
async function buffersAtRest(collect: () => void): Promise<number> {
  let bytes = Infinity
  for (let unchanged = 0; unchanged < 20; await setImmediate()) {
    collect()
    const now = process.memoryUsage().arrayBuffers
    unchanged = now < bytes ? 0 : unchanged + 1
    bytes = Math.min(bytes, now)
  }
  return bytes
}

test('an empty table takes next to nothing, and one of few links little', (t) => {
  t.true(new LinkTable().bytes < 1000)
  t.true(filled(10).table.bytes < 3000)
})

test('a link costs under 40 B over its code and URL in a table of usual size', (t) => {
  const { table, payload } = filled(USUAL_LINKS)
  const over = (table.bytes - payload) / USUAL_LINKS
  t.true(over < 40, `${over} B over the payload`)
})

test('a table of any size costs a fixed part per link and at most one chunk of slack', (t) => {
  for (let links = 1; links < 30_000; links = Math.ceil(links * 1.3)) {
    const { table, payload } = filled(links)
    const over = table.bytes - payload
    t.true(
      over < LINK_BYTES_OVER_PAYLOAD_MAX * links + CHUNK_BYTES,
      `${over} B over the payload with ${links} links`,
    )
  }
})

test('links that are rewritten for ever with other lengths take little more than once', (t) => {
  const links = 16_000
  const { table } = filled(links)
  const once = table.bytes
  for (let round = 1; round <= 10; round++) {
    for (let number = 0; number < links; number++) {
      table.set(plainLink(shuffled(number, round, links), round), CLEAN)
    }
    t.true(table.bytes < 1.2 * once, `${table.bytes / once} times as much in round ${round}`)
  }
})

test('memory comes back as links are evicted, and all of it in the end', (t) => {
  const { table } = filled(40_000)
  const full = table.bytes
  while (table.size > 20_000) table.evict(1000)
  t.true(table.bytes < 0.65 * full, `half of the links take ${table.bytes / full} of the bytes`)
  while (table.size > 0) table.evict(1000)
  t.true(table.bytes < CHUNK_BYTES)
})

test('memory comes back when links are removed one by one', (t) => {
  const { table } = filled(20_000)
  const versions = [...table.versions()]
  for (const { code } of versions) table.remove(code, 0 as LogPosition)
  t.is(table.size, 0)
  t.true(table.bytes < CHUNK_BYTES)
})

test('no change of a growing or churning table moves more than some entries', (t) => {
  let hashed = 0
  const counting: CodeHash = {
    ofCode: (code) => CODE_HASH.ofCode(code),
    ofBytes(bytes, start, end) {
      hashed++
      return CODE_HASH.ofBytes(bytes, start, end)
    },
  }
  const table = new LinkTable({ hash: counting })
  let most = 0
  for (let round = 0; round < 4; round++) {
    for (let number = 0; number < 20_000; number++) {
      hashed = 0
      table.set(plainLink(shuffled(number, round, 20_000), round), CLEAN)
      most = Math.max(most, hashed)
    }
  }
  t.true(most > 0 && most <= 40, `${most} entries in one change`)
})

test('a look-up moves nothing', (t) => {
  const { table } = filled(1000)
  const bytes = table.bytes
  for (const { code } of table.versions()) table.lookup(code, 0 as EpochMs)
  t.is(table.bytes, bytes)
})
