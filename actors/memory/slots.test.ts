import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { CODE_HASH } from './code-hash.ts'
import { type Keys, NONE, Slots } from './slots.ts'

/** References are places in a list of codes. */
function keysOf(codes: readonly Code[]): Keys {
  return {
    hasCode: (ref, code) => codes[ref] === code,
    hashAt: (ref) => CODE_HASH.ofCode(codes[ref]!),
  }
}

function manyCodes(count: number): Code[] {
  return Array.from({ length: count }, (_, number) => `c${number}` as Code)
}

test('any capacity will do, up to the last slot but one', (t) => {
  for (const capacity of [2, 17, 100, 1023]) {
    const codes = manyCodes(capacity - 1)
    const keys = keysOf(codes)
    const slots = new Slots(capacity)
    for (const ref of codes.keys()) slots.add(keys.hashAt(ref), ref)
    for (const [ref, code] of codes.entries()) t.is(slots.find(keys.hashAt(ref), code, keys), ref)
    t.is(slots.find(CODE_HASH.ofCode('other' as Code), 'other' as Code, keys), NONE)
    t.throws(() => slots.add(1, capacity), undefined, 'no search would end in a full array')
  }
})

test('a slot that was emptied again costs later searches nothing', (t) => {
  const codes = manyCodes(10_000)
  const keys = keysOf(codes)
  const slots = new Slots(100)
  for (const ref of codes.keys()) {
    slots.add(keys.hashAt(ref), ref)
    t.true(slots.remove(keys.hashAt(ref), ref))
    t.is(slots.occupied, 0)
  }
})

test('codes of one partition, alike in the upper bits of their hash, spread over all slots', (t) => {
  const codes = manyCodes(100_000).filter((code) => CODE_HASH.ofCode(code) >>> 24 === 7)
  const keys = keysOf(codes)
  const slots = new Slots(codes.length * 2)
  for (const ref of codes.keys()) slots.add(keys.hashAt(ref), ref)
  let longestRun = 0
  for (let slot = 0, run = 0; slot < slots.capacity; slot++) {
    run = slots.takeAt(slot) === NONE ? 0 : run + 1
    longestRun = Math.max(longestRun, run)
  }
  t.true(codes.length > 300 && longestRun < 30, `${longestRun} slots in a row are in use`)
})

test('the bytes of an array that is done with go back at once', (t) => {
  const slots = new Slots(1_000_000)
  const before = process.memoryUsage().arrayBuffers
  slots.free()
  t.true(before - process.memoryUsage().arrayBuffers > 4_900_000)
})
