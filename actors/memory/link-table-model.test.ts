import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import type { Code, EpochMs, LogPosition } from '../../links/ids.ts'
import { decodeLink, type LinkVersion } from '../../links/link-record.ts'
import { type Lifecycle, type Link, lookupOf } from '../../links/link.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { withAnyOptions } from '../../links/testing/any-options.ts'
import { CODE_HASH, type CodeHash } from './code-hash.ts'
import { LinkTableModel } from '../testing/link-table-model.ts'
import { LinkTable, type LinkTableOptions } from './link-table.ts'

const NOW = 5000 as EpochMs
const CODES = 300

type Operation =
  | { do: 'set'; code: Code; fields: Partial<Link>; dirty: boolean }
  | { do: 'setIfAbsent'; code: Code; fields: Partial<Link> }
  | { do: 'markClean' | 'remove'; code: Code; versionsBehind: number }
  | { do: 'get'; code: Code }
  | { do: 'lookup'; code: Code }
  | { do: 'evict'; bytes: number }

const code = fc.nat(CODES - 1).map((number) => `c${number}` as Code)
const fields = withAnyOptions(
  fc.record({
    url: fc.nat(150).map((length) => `https://e.org/${'x'.repeat(length)}`),
    title: fc.option(fc.string({ unit: 'grapheme', maxLength: 9 }), { freq: 2 }),
    tags: fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 }),
    expiresAt: fc.option(fc.constantFrom(NOW, (NOW + 1) as EpochMs)),
    lifecycle: fc.constantFrom<Lifecycle>('live', 'live', 'deleted', 'purged'),
  }),
)
const versionsBehind = fc.constantFrom(0, 0, 0, 1)

const set = fc.record({ do: fc.constant('set' as const), code, fields, dirty: fc.boolean() })
const setIfAbsent = fc.record({ do: fc.constant('setIfAbsent' as const), code, fields })
const markClean = fc.record({ do: fc.constant('markClean' as const), code, versionsBehind })
const remove = fc.record({ do: fc.constant('remove' as const), code, versionsBehind })
const read = fc.record({ do: fc.constantFrom('get' as const, 'lookup' as const), code })
const evict = fc.record({ do: fc.constant('evict' as const), bytes: fc.nat(3000) })

function operations(evictions: number): fc.Arbitrary<Operation[]> {
  const operation = fc.oneof(
    { weight: 8, arbitrary: set },
    { weight: 5, arbitrary: setIfAbsent },
    { weight: 5, arbitrary: markClean },
    { weight: 3, arbitrary: remove },
    { weight: 3, arbitrary: read },
    { weight: evictions, arbitrary: evict },
  )
  return fc.array(operation, { minLength: 1, maxLength: 1500, size: 'max' })
}

/** A table and its model: does each operation to both, and compares what they answer. */
class Pair {
  readonly #t: ExecutionContext
  readonly #table: LinkTable
  readonly #model = new LinkTableModel()
  #position = 0

  constructor(t: ExecutionContext, options: LinkTableOptions) {
    this.#t = t
    this.#table = new LinkTable(options)
  }

  run(operation: Operation): void {
    if (operation.do === 'set') this.#set(operation)
    else if (operation.do === 'setIfAbsent') this.#setIfAbsent(operation)
    else if (operation.do === 'get') this.#get(operation.code)
    else if (operation.do === 'lookup') this.#lookUp(operation.code)
    else if (operation.do === 'evict') this.#evict(operation.bytes)
    else this.#settle(operation)
  }

  check(): void {
    this.#t.is(this.#table.size, this.#model.size)
    this.#t.is(this.#table.dirty, this.#model.dirty)
    this.#t.deepEqual([...this.#table.versions()], this.#model.versions, 'in order of age')
    for (const { code: here } of this.#model.versions) this.#get(here)
  }

  #version(operation: { code: Code; fields: Partial<Link> }): LinkVersion {
    return linkVersion(operation.code, ++this.#position, operation.fields)
  }

  #set(operation: Operation & { do: 'set' }): void {
    const version = this.#version(operation)
    this.#table.set(version, operation)
    this.#model.set(version, operation.dirty)
  }

  #setIfAbsent(operation: Operation & { do: 'setIfAbsent' }): void {
    const version = this.#version(operation)
    this.#t.is(this.#table.setIfAbsent(version), this.#model.setIfAbsent(version))
  }

  #get(asked: Code): void {
    this.#t.deepEqual(this.#table.get(asked), this.#model.get(asked))
  }

  #settle(operation: Operation & { do: 'markClean' | 'remove' }): void {
    const here = this.#model.peek(operation.code)
    if (here === undefined) return
    const position = (here.version.position - operation.versionsBehind) as LogPosition
    if (operation.do === 'remove' && here.dirty) return
    this.#table[operation.do](operation.code, position)
    this.#model[operation.do](operation.code, position)
  }

  #lookUp(looked: Code): void {
    const version = this.#model.get(looked)
    const expected =
      version === undefined ? { kind: 'unknown' } : lookupOf(decodeLink(version.record), NOW)
    this.#t.deepEqual(this.#table.lookup(looked, NOW), expected)
  }

  /** The table evicts a bounded piece per call, the model all at once. */
  #evict(bytes: number): void {
    const total = { links: 0, bytes: 0 }
    while (total.bytes < bytes && this.#table.dirty < this.#table.size) {
      const evicted = this.#table.evict(bytes - total.bytes)
      total.links += evicted.links
      total.bytes += evicted.bytes
    }
    this.#t.deepEqual(total, this.#model.evict(bytes))
  }
}

/** Leaves little but the comparison of whole codes to tell two codes apart. */
function collidingHash(kinds: number): CodeHash {
  return {
    ofCode: (text) => CODE_HASH.ofCode(text) % kinds,
    ofBytes: (bytes, start, end) => CODE_HASH.ofBytes(bytes, start, end) % kinds,
  }
}

const options: fc.Arbitrary<LinkTableOptions> = fc.record({
  /** So small that some hundred links take many chunks. */
  chunkBytes: fc.constantFrom(1024, 2048, 8192),
  hash: fc.constantFrom(CODE_HASH, collidingHash(1), collidingHash(3)),
})

for (const [name, evictions] of [
  ['without evictions, a table holds what a map would', 0],
  ['under evictions, a table keeps exactly what SIEVE keeps, dirty links always', 1],
  ['emptied again and again, a table stays right', 8],
] as const) {
  test(name, (t) => {
    const property = fc.property(options, operations(evictions), (tableOptions, all) => {
      const pair = new Pair(t, tableOptions)
      for (const operation of all) pair.run(operation)
      pair.check()
    })
    fc.assert(property, { numRuns: 60 })
  })
}
