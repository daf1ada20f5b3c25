/** The write buffer knows what the store lacks: against a model that remembers everything. */
import test from 'ava'
import * as fc from 'fast-check'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { WriteBuffer, type DirtyLink } from './write-buffer.ts'

const P = 0 as PartitionId
const Q = 1 as PartitionId
const NO_LIMIT = { linksMax: 1e9, bytesMax: 1e9 }

test('the checkpoint stays before the first entry that waits', (t) => {
  const buffer = new WriteBuffer()
  t.is(buffer.checkpointOf(P), at(0))
  buffer.note(P, at(1), [], 0)
  t.is(buffer.checkpointOf(P), at(1))
  buffer.note(P, at(2), [linkVersion('a', 2)], 0)
  buffer.note(P, at(3), [], 0)
  t.is(buffer.checkpointOf(P), at(1))
  buffer.take(NO_LIMIT)
  t.is(buffer.checkpointOf(P), at(1))
  buffer.flushed([linkVersion('a', 2)])
  t.is(buffer.checkpointOf(P), at(3))
})

test('a link that changes during its flush waits from its change on', (t) => {
  const buffer = new WriteBuffer()
  buffer.note(P, at(1), [linkVersion('a', 1)], 0)
  buffer.take(NO_LIMIT)
  buffer.note(P, at(2), [linkVersion('a', 2)], 0)
  t.is(buffer.dirtyLinks, 2)
  buffer.flushed([linkVersion('a', 1)])
  t.is(buffer.dirtyLinks, 1)
  t.is(buffer.checkpointOf(P), at(1))
})

test('a flush of a version newer than what was taken settles that one too', (t) => {
  const buffer = new WriteBuffer()
  buffer.note(P, at(1), [linkVersion('a', 1)], 0)
  buffer.take(NO_LIMIT)
  buffer.note(P, at(2), [linkVersion('a', 2)], 0)
  buffer.failed()
  t.deepEqual(buffer.take(NO_LIMIT), [{ partition: P, code: 'a' as Code }])
  buffer.flushed([linkVersion('a', 2)])
  t.is(buffer.dirtyLinks, 0)
  t.is(buffer.dirtyBytes, 0)
  t.is(buffer.checkpointOf(P), at(2))
})

test('a flush takes the partition that has waited longest, within its limits', (t) => {
  const buffer = new WriteBuffer()
  buffer.note(Q, at(1), [linkVersion('q1', 1), linkVersion('q2', 1), linkVersion('q3', 1)], 0)
  buffer.note(P, at(1), [linkVersion('p1', 1)], 5)
  t.is(buffer.dirtySince(), 0)
  t.deepEqual(codes(buffer.take({ linksMax: 2, bytesMax: 1e9 })), ['q1', 'q2'])
  buffer.flushed([linkVersion('q1', 1), linkVersion('q2', 1)])
  t.deepEqual(codes(buffer.take({ linksMax: 1, bytesMax: 1e9 })), ['p1'])
  buffer.flushed([linkVersion('p1', 1)])
  t.deepEqual(codes(buffer.take({ linksMax: 9, bytesMax: 0 })), ['q3'], 'at least one')
  buffer.flushed([linkVersion('q3', 1)])
  t.is(buffer.dirtySince(), undefined)
})

test('of a partition that is forgotten nothing waits, and others go on', (t) => {
  const buffer = new WriteBuffer()
  buffer.note(P, at(1), [linkVersion('p1', 1)], 0)
  buffer.note(Q, at(1), [linkVersion('q1', 1)], 5)
  buffer.take(NO_LIMIT)
  buffer.note(P, at(2), [linkVersion('p1', 2)], 0)
  buffer.forget(P)
  t.is(buffer.dirtyLinks, 1)
  t.is(buffer.dirtySince(), 5)
  t.deepEqual([...buffer.marks().keys()], [Q])
  buffer.note(P, at(9), [linkVersion('p1', 9)], 7)
  buffer.flushed([linkVersion('p1', 1), linkVersion('q1', 1)])
  t.is(buffer.checkpointOf(P), at(8), 'the flush was of what it had before')
  t.is(buffer.checkpointOf(Q), at(1))
  t.deepEqual(codes(buffer.take(NO_LIMIT)), ['p1'])
})

type Step =
  | { readonly kind: 'write'; readonly partition: PartitionId; readonly codes: readonly string[] }
  | { readonly kind: 'take'; readonly linksMax: number }
  | { readonly kind: 'give up'; readonly partition: PartitionId }
  | { readonly kind: 'write out' | 'flushed' | 'failed' }

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({
      kind: fc.constant('write' as const),
      partition: fc.constantFrom(P, Q),
      codes: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('give up' as const), partition: fc.constantFrom(P, Q) }),
    fc.record({ kind: fc.constant('take' as const), linksMax: fc.integer({ min: 1, max: 4 }) }),
    fc.record({
      kind: fc.constantFrom('write out' as const, 'flushed' as const, 'failed' as const),
    }),
  ),
  { maxLength: 60 },
)

test('after any steps, store and log after the checkpoint give the newest of everything', (t) => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const model = new Model()
      for (const step of sequence) {
        model.run(step)
        model.check()
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

/** A process that remembers the whole log, all versions, and what its store has. */
class Model {
  readonly #buffer = new WriteBuffer()
  readonly #log: LinkVersion[] = []
  readonly #last = new Map<PartitionId, number>()
  readonly #newest = new Map<string, LinkVersion>()
  readonly #store = new Map<string, LinkVersion>()
  #taken: DirtyLink[] = []
  /** What the flush under way writes: the versions at its beginning. */
  #flush: LinkVersion[] = []

  run(step: Step): void {
    switch (step.kind) {
      case 'write':
        return this.#write(step.partition, step.codes)
      case 'give up':
        return this.#giveUp(step.partition)
      case 'take':
        if (this.#taken.length > 0) return
        this.#taken = this.#buffer.take({ linksMax: step.linksMax, bytesMax: 1e9 })
        this.#flush = this.#taken.map(({ code }) => this.#newest.get(code)!)
        return
      case 'write out':
        // a part of the flush reaches the store, and nobody is told
        return this.#keep(this.#flush.slice(0, 1))
      case 'failed':
        if (this.#taken.length === 0) return
        this.#taken = []
        return this.#buffer.failed()
      case 'flushed':
        if (this.#taken.length === 0) return
        this.#taken = []
        this.#keep(this.#flush)
        return this.#buffer.flushed(this.#flush)
    }
  }

  check(): void {
    const waiting = new Set<string>()
    for (const [code, newest] of this.#newest) {
      const recovered = this.#recovered(code)
      assertSame(recovered?.position, newest.position, `${code} after a crash`)
      if (this.#store.get(code)?.position !== newest.position) waiting.add(code)
    }
    if (waiting.size > this.#buffer.dirtyLinks) throw new Error('a link that waits is not counted')
    if (this.#buffer.dirtyLinks === 0) {
      assertSame(this.#buffer.dirtyBytes, 0, 'bytes of nothing')
      for (const [partition, last] of this.#last) {
        assertSame(this.#buffer.checkpointOf(partition), last, 'checkpoint when all is flushed')
      }
    }
    for (const [partition, last] of this.#last) {
      if (this.#buffer.checkpointOf(partition) > last) throw new Error('checkpoint past the log')
    }
  }

  /** What a restart finds: the store, and the log after the checkpoint over it. */
  #recovered(code: string): LinkVersion | undefined {
    let found = this.#store.get(code)
    for (const version of this.#log) {
      const checkpoint = this.#buffer.checkpointOf(partitionOf(code))
      if (version.code !== code || version.position <= checkpoint) continue
      if (found === undefined || found.position < version.position) found = version
    }
    return found
  }

  #write(partition: PartitionId, names: readonly string[]): void {
    const position = (this.#last.get(partition) ?? 0) + 1
    const versions = names.map((name) => linkVersion(`${partition}${name}`, position))
    this.#last.set(partition, position)
    this.#log.push(...versions)
    for (const version of versions) this.#newest.set(version.code, version)
    this.#buffer.note(partition, at(position), versions, position)
  }

  /** The partition goes, and comes back: its log is replayed. A flush under way may still end. */
  #giveUp(partition: PartitionId): void {
    const checkpoint = this.#buffer.checkpointOf(partition)
    this.#buffer.forget(partition)
    assertSame(this.#buffer.checkpointOf(partition), 0, 'checkpoint of what is forgotten')
    for (const version of this.#log) {
      if (partitionOf(version.code) !== partition || version.position <= checkpoint) continue
      this.#buffer.note(partition, version.position, [version], version.position)
    }
    this.#write(partition, [])
  }

  #keep(versions: readonly LinkVersion[]): void {
    for (const version of versions) {
      const stored = this.#store.get(version.code)
      if (stored === undefined || stored.position < version.position) {
        this.#store.set(version.code, version)
      }
    }
  }
}

function partitionOf(code: string): PartitionId {
  return Number(code[0]) as PartitionId
}

function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, not ${String(expected)}`)
}

function at(position: number): LogPosition {
  return position as LogPosition
}

function codes(links: readonly DirtyLink[]): string[] {
  return links.map(({ code }) => code)
}
