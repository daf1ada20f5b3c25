import test from 'ava'
import type { Code, EpochMs } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { LinkTable } from './link-table.ts'

const NOW = 5000 as EpochMs
const CODES = 10_000
const KEPT = 1000
const REQUESTS = 100_000

/** Requests for codes whose popularity falls with their rank (Zipf, exponent 1). Always the same. */
function* zipfTrace(): IterableIterator<Code> {
  const cumulated: number[] = []
  for (let rank = 1, sum = 0; rank <= CODES; rank++) cumulated.push((sum += 1 / rank))
  let state = 1
  for (let i = 0; i < REQUESTS; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const wanted = (state / 2 ** 32) * cumulated.at(-1)!
    yield `c${cumulated.findIndex((upTo) => upTo > wanted)}` as Code
  }
}

function hitRatioOfTable(): number {
  const table = new LinkTable()
  let hits = 0
  for (const code of zipfTrace()) {
    if (table.lookup(code, NOW).kind !== 'unknown') hits++
    else table.setIfAbsent(linkVersion(code, 1))
    while (table.size > KEPT) table.evict(1)
  }
  return hits / REQUESTS
}

/** A Map keeps its keys in order of insertion: the first is the oldest. */
function hitRatioOfMap(onHit: (kept: Map<Code, true>, code: Code) => void): number {
  const kept = new Map<Code, true>()
  let hits = 0
  for (const code of zipfTrace()) {
    if (kept.has(code)) {
      hits++
      onHit(kept, code)
    } else kept.set(code, true)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
  }
  return hits / REQUESTS
}

test('few popular links among many: SIEVE keeps more of them than FIFO, and than LRU', (t) => {
  const sieve = hitRatioOfTable()
  const fifo = hitRatioOfMap(() => {})
  const lru = hitRatioOfMap((kept, code) => {
    kept.delete(code)
    kept.set(code, true)
  })
  t.log({ sieve, lru, fifo })
  t.true(sieve > fifo + 0.05)
  t.true(sieve > lru)
})
