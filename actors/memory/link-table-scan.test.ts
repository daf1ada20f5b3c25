/** A scan misses nothing that stays, whatever happens to the table between its pieces. */
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import type { Code, LogPosition } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { LinkTable } from './link-table.ts'

const CODES = 60

type Step =
  | { readonly do: 'set'; readonly code: Code; readonly length: number; readonly dirty: boolean }
  | { readonly do: 'setIfAbsent'; readonly code: Code; readonly length: number }
  | { readonly do: 'markClean' | 'remove' | 'visit'; readonly code: Code }
  | { readonly do: 'evict'; readonly bytes: number }
  | { readonly do: 'next' }

const code = fc.nat(CODES - 1).map((number) => `c${number}` as Code)
const length = fc.nat(60)
const set = fc.record({ do: fc.constant('set' as const), code, length, dirty: fc.boolean() })
const setIfAbsent = fc.record({ do: fc.constant('setIfAbsent' as const), code, length })
const touch = fc.record({
  do: fc.constantFrom('markClean' as const, 'remove' as const, 'visit' as const),
  code,
})
const evict = fc.record({ do: fc.constant('evict' as const), bytes: fc.nat(600) })
const next = fc.record({ do: fc.constant('next' as const) })
const before = fc.array(fc.oneof(set, set, setIfAbsent, touch), { maxLength: 300, size: 'max' })
const during = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: set },
    { weight: 2, arbitrary: setIfAbsent },
    { weight: 5, arbitrary: touch },
    { weight: 1, arbitrary: evict },
    { weight: 1, arbitrary: next },
  ),
  { maxLength: 300, size: 'max' },
)

/** A table of many small chunks, what is in it, and what a scan has brought. */
class Scanned {
  readonly #table = new LinkTable({ chunkBytes: 512 })
  readonly #here = new Map<Code, { position: LogPosition; isDirty: boolean }>()
  /** Here when the scan began and untouched since. */
  #untouched = new Map<Code, LogPosition>()
  readonly #seen = new Map<Code, LogPosition>()
  #next: (() => ReturnType<ReturnType<LinkTable['scan']>>) | undefined
  #position = 0

  begin(): void {
    this.#next = this.#table.scan()
    this.#untouched = new Map(Array.from(this.#here, ([name, { position }]) => [name, position]))
  }

  play(step: Step): void {
    if (step.do === 'next') this.read()
    else if (step.do === 'evict') this.#evict(step.bytes)
    else if ('length' in step) this.#write(step)
    else if (step.do === 'visit') this.#table.get(step.code)
    else this.#settle(step.do, step.code)
  }

  /** One piece; false at the end. */
  read(): boolean {
    const piece = this.#next?.()
    for (const { code: name, position, isDirty } of piece ?? []) {
      const here = this.#here.get(name)
      assert.deepEqual({ position, isDirty }, here, `${name} is not as it is in the table`)
      this.#seen.set(name, position)
    }
    return piece !== undefined
  }

  check(): void {
    for (const [name, position] of this.#untouched) {
      assert.equal(this.#seen.get(name), position, `${name} was missed`)
    }
  }

  #write(step: Extract<Step, { length: number }>): void {
    const isSet = step.do === 'set'
    if (!isSet && this.#here.has(step.code)) return
    const url = `https://e.org/${'x'.repeat(step.length)}`
    const version = linkVersion(step.code, ++this.#position, { url })
    if (isSet) this.#table.set(version, step)
    else this.#table.setIfAbsent(version)
    this.#here.set(step.code, { position: version.position, isDirty: isSet && step.dirty })
    this.#untouched.delete(step.code)
  }

  #settle(what: 'markClean' | 'remove', name: Code): void {
    const here = this.#here.get(name)
    if (here === undefined || (what === 'remove' && here.isDirty)) return
    this.#table[what](name, here.position)
    if (what === 'markClean') here.isDirty = false
    else this.#forget(name)
  }

  #evict(bytes: number): void {
    this.#table.evict(bytes)
    for (const name of this.#here.keys()) if (!this.#has(name)) this.#forget(name)
  }

  #has(name: Code): boolean {
    return [...this.#table.versions()].some(({ code: other }) => other === name)
  }

  #forget(name: Code): void {
    this.#here.delete(name)
    this.#untouched.delete(name)
  }
}

test('what is there at the beginning and stays as it is, is seen', (t) => {
  const property = fc.property(before, during, (first, meanwhile) => {
    const scanned = new Scanned()
    for (const step of first) scanned.play(step)
    scanned.begin()
    for (const step of meanwhile) scanned.play(step)
    while (scanned.read());
    scanned.check()
  })
  fc.assert(property, { numRuns: 250 })
  t.pass()
})

test('a scan ends, however fast the table grows', (t) => {
  const table = new LinkTable({ chunkBytes: 512 })
  let position = 0
  const grow = () => {
    for (let count = 0; count < 20; count++) {
      table.set(linkVersion(`c${++position}`, position), { dirty: true })
    }
  }
  grow()
  const nextPiece = table.scan()
  let pieces = 0
  while (nextPiece() !== undefined) {
    pieces++
    if (pieces < 50) grow()
  }
  t.true(pieces < 500, `${pieces}`)
})
