import test from 'ava'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { Arena } from './arena.ts'
import { CODE_HASH } from './code-hash.ts'
import { positionAt } from './table-entry.ts'

const MIB = 2 ** 20

/** Chunks so large that few of them span all that a reference can name: 256 of 64 MiB. */
function wideArena(): Arena {
  return new Arena(64 * MIB, CODE_HASH)
}

test('an entry is found by its reference in the last bytes that 32 bits can name', (t) => {
  const arena = wideArena()
  for (let chunk = 0; chunk < 255; chunk++) arena.insert(1)
  const version = linkVersion('abc', 42)
  const ref = arena.append(version, 0)
  t.true(ref > 2 ** 31)
  t.is(positionAt(arena.chunkOf(ref).bytes, arena.placeOf(ref)), version.position)
  t.true(arena.hasCode(ref, version.code))
  t.is(arena.hashAt(ref), CODE_HASH.ofCode(version.code))
})

test('past what a reference can name, the process stops rather than mix up links', (t) => {
  const arena = wideArena()
  for (let chunk = 0; chunk < 256; chunk++) arena.insert(1)
  t.throws(() => arena.append(linkVersion('abc', 1), 0), { message: /past what a reference/ })
})

test('the name of a released chunk is given again', (t) => {
  const arena = wideArena()
  const chunks = Array.from({ length: 256 }, () => arena.insert(1))
  arena.release(chunks[100]!)
  t.is(arena.insert(1).id, 100)
})

test('bytes of a released chunk are given back at once', (t) => {
  const arena = new Arena(4096, CODE_HASH)
  const chunk = arena.insert(4096)
  const { bytes } = chunk
  arena.release(chunk)
  t.is(bytes.length, 0)
  t.is(arena.allocated, 0)
})

test('an entry larger than a chunk is a fault of the program', (t) => {
  const arena = new Arena(256, CODE_HASH)
  const url = `https://example.org/${'x'.repeat(300)}`
  t.throws(() => arena.append(linkVersion('abc', 1, { url }), 0), { message: /must fit/ })
})
