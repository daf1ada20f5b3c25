import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { Arena } from './arena.ts'
import { CODE_HASH } from './code-hash.ts'
import { Compactor } from './compactor.ts'
import { Sieve } from './sieve.ts'
import { SlotIndex } from './slot-index.ts'
import { positionAt } from './table-entry.ts'

const CHUNK_BYTES = 4096
const LINKS = 2000
const LINKS_PER_CHUNK = Math.floor(CHUNK_BYTES / 52)

/** A table without its face: entries appended in order, freed where a test says so. */
class World {
  readonly arena = new Arena(CHUNK_BYTES, CODE_HASH)
  readonly index = new SlotIndex(this.arena)
  readonly compactor = new Compactor(this.arena, this.index, new Sieve(this.arena))

  constructor() {
    for (let number = 0; number < LINKS; number++) {
      const version = linkVersion(String(10_000 + number), number)
      this.index.add(CODE_HASH.ofCode(version.code), this.arena.append(version, 0))
      this.index.step()
    }
  }

  free(number: number): void {
    const code = String(10_000 + number) as Code
    const ref = this.index.find(CODE_HASH.ofCode(code), code)
    this.index.remove(CODE_HASH.ofCode(code), ref)
    this.arena.free(ref)
  }

  steps(count: number): void {
    for (let step = 0; step < count; step++) this.compactor.step()
  }

  get chunks(): number {
    let count = 0
    for (let chunk = this.arena.oldest; chunk !== undefined; chunk = chunk.newer) count++
    return count
  }

  /** The position of an entry that is live, read through the index. */
  positionOf(number: number): number {
    const code = String(10_000 + number) as Code
    const ref = this.index.find(CODE_HASH.ofCode(code), code)
    return positionAt(this.arena.chunkOf(ref).bytes, this.arena.placeOf(ref))
  }
}

test('dead bytes come down to an eighth or less, and every live entry is still found', (t) => {
  const world = new World()
  for (let number = 0; number < LINKS; number += 2) world.free(number)
  t.is(world.arena.dead, world.arena.used / 2)
  world.steps(LINKS)
  t.true(world.arena.dead <= world.arena.used / 8)
  for (let number = 1; number < LINKS; number += 2) t.is(world.positionOf(number), number)
})

test('as long as little is dead, nothing moves', (t) => {
  const world = new World()
  const chunks = world.chunks
  for (let number = 0; number < LINKS; number += 50) world.free(number)
  const { dead, used } = world.arena
  world.steps(LINKS)
  t.deepEqual([world.chunks, world.arena.dead, world.arena.used], [chunks, dead, used])
})

test('chunks that became small one by one, the youngest first, end up in few', (t) => {
  const world = new World()
  for (let number = LINKS - 1; number >= 0; number--) {
    if (number % 10 === 0) continue
    world.free(number)
    world.steps(2)
  }
  world.steps(LINKS)
  const needed = LINKS / 10 / LINKS_PER_CHUNK
  t.true(world.chunks <= 2 * needed + 2, `${world.chunks} chunks for ${needed} full ones`)
})

test('a step looks at a few entries, however much is dead', (t) => {
  const world = new World()
  for (let number = 0; number < LINKS; number += 2) world.free(number)
  for (let step = 0; step < LINKS; step++) {
    const { used } = world.arena
    world.compactor.step()
    t.true(world.arena.used - used <= 32 * 52)
  }
})

test('an arena that is emptied gives everything back but the dead bytes not worth the work', (t) => {
  const world = new World()
  for (let number = 0; number < LINKS; number++) {
    world.free(number)
    world.compactor.step()
  }
  t.true(world.arena.allocated <= CHUNK_BYTES)
  t.is(world.arena.dead, world.arena.used)
})
