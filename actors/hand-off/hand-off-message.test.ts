/** What a hand-off sends arrives as it was, or not at all. */
import test from 'ava'
import * as fc from 'fast-check'
import { toLogPosition, type EpochMs } from '../../links/ids.ts'
import { recordLength } from '../../links/link-record.ts'
import { linkRecord, linkVersion } from '../../links/testing/sample-links.ts'
import { withAnyOptions } from '../../links/testing/any-options.ts'
import {
  packOperations,
  packVersions,
  parseLoadMessage,
  parseOpened,
  parseOpenMessage,
  unpackOperations,
  unpackVersions,
} from './hand-off-message.ts'
import type { ScannedVersion } from '../memory/table-scan.ts'
import type { Operation } from '../partition/operations.ts'

const HEADER_BYTES = 9
const U48_MAX = 2 ** 48 - 1

const position = fc.oneof(
  fc.nat(1_000),
  fc.maxSafeNat().map((number) => number % U48_MAX),
)
const code = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const fields = withAnyOptions(
  fc.record({
    url: fc.nat(4_000).map((length) => `https://e.org/${'x'.repeat(length)}`),
    title: fc.option(fc.string({ unit: 'grapheme', maxLength: 200 })),
    tags: fc.array(fc.string({ maxLength: 40 }), { maxLength: 10 }),
    maxVisits: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
    expiresAt: fc.option(fc.constant(U48_MAX as EpochMs)),
    lifecycle: fc.constantFrom('live' as const, 'deleted' as const, 'purged' as const),
  }),
)
const version: fc.Arbitrary<ScannedVersion> = fc
  .tuple(code, position, fields, fc.boolean())
  .map(([name, at, link, isDirty]) => Object.assign(linkVersion(name, at, link), { isDirty }))
const versions = fc.array(version, { maxLength: 8 })
const operation: fc.Arbitrary<Operation> = fc
  .tuple(fc.stringMatching(/^[!-~]{1,64}$/), code, position, fc.nat(U48_MAX))
  .map(([id, name, at, time]) => {
    const record = linkRecord(name)
    return { id, outcome: 'redirect', record, position: toLogPosition(at), at: time as EpochMs }
  })

test('links arrive as they were sent, in their order', (t) => {
  const property = fc.property(versions, (sent) => {
    t.deepEqual(unpackVersions(throughJson(packVersions(sent))), sent)
  })
  fc.assert(property)
})

test('operations arrive as they were sent, in their order', (t) => {
  const property = fc.property(fc.array(operation, { maxLength: 5 }), (sent) => {
    t.deepEqual(unpackOperations(throughJson(packOperations(sent))), sent)
  })
  fc.assert(property)
})

test('a message that was cut within an operation is refused', (t) => {
  const property = fc.property(operation, fc.nat(), (sent, where) => {
    const bytes = Buffer.from(packOperations([sent]), 'base64')
    const cut = bytes.subarray(0, 1 + (where % (bytes.length - 1)))
    t.throws(() => unpackOperations(cut.toString('base64')))
  })
  fc.assert(property)
})

test('a message that was cut within a link is refused', (t) => {
  const property = fc.property(version, fc.nat(), (sent, where) => {
    const bytes = Buffer.from(packVersions([sent]), 'base64')
    const cut = bytes.subarray(0, 1 + (where % (bytes.length - 1)))
    t.throws(() => unpackVersions(cut.toString('base64')))
  })
  fc.assert(property)
})

test('a link that is not as long as it says is refused', (t) => {
  const property = fc.property(version, fc.integer({ min: -12, max: 12 }), (sent, error) => {
    const bytes = Buffer.from(packVersions([sent, sent]), 'base64')
    const length = recordLength(bytes, HEADER_BYTES)
    bytes.writeUInt16BE(Math.max(0, length + error), HEADER_BYTES - 2)
    if (error === 0) t.is(unpackVersions(bytes.toString('base64')).length, 2)
    else t.throws(() => unpackVersions(bytes.toString('base64')))
  })
  fc.assert(property)
})

const load = {
  partition: 3,
  move: 'a.1z.0',
  sequence: 0,
  tableVersion: 7,
  stage: 'bulk',
  versions: '',
  operations: '',
}
const open = { ...load, stage: 'sealed', epoch: 4, lastPosition: 9, isComplete: true }
const isRefused = { code: 'bad_request' }

test('a message is taken as it was sent, without what is not known', (t) => {
  t.deepEqual<unknown, unknown>(parseLoadMessage({ ...load, more: 1 }), load)
  t.deepEqual<unknown, unknown>(parseOpenMessage(throughJson({ ...open, more: 1 })), open)
})

const WRONG: readonly (readonly [string, unknown])[] = [
  ['partition', -1],
  ['partition', 4096],
  ['partition', '3'],
  ['move', ''],
  ['move', 'a/b'],
  ['move', 'x'.repeat(129)],
  ['move', {}],
  ['sequence', 0.5],
  ['sequence', -1],
  ['tableVersion', null],
  ['stage', 'later'],
  ['versions', 7],
  ['operations', undefined],
  ['epoch', 2 ** 48 - 1],
  ['epoch', '4'],
  ['lastPosition', 2 ** 48],
  ['isComplete', 'yes'],
]

for (const [field, value] of WRONG) {
  test(`a message is refused if ${field} is ${String(value).slice(0, 20)}`, (t) => {
    t.throws(() => parseOpenMessage({ ...open, [field]: value }), isRefused)
  })
}

test('whatever else comes is no message, and its bytes are none', (t) => {
  const property = fc.property(fc.jsonValue({ maxDepth: 1 }), fc.uint8Array(), (value, bytes) => {
    t.throws(() => parseLoadMessage(value), isRefused)
    t.throws(() => parseOpenMessage(value), isRefused)
    t.notThrows(() => parseOpened(value))
    const text = Buffer.from(bytes).toString('base64')
    if (bytes.length === 0) return
    t.throws(() => unpackVersions(text), isRefused)
    t.throws(() => unpackOperations(text), isRefused)
  })
  fc.assert(property)
})

test('what a target has opened is believed if it is an epoch and a position', (t) => {
  const opened = { epoch: 5, position: 10 }
  t.deepEqual<unknown, unknown>(parseOpened({ opened }), { opened })
  t.deepEqual(parseOpened({ opened: null }), { opened: null })
  for (const wrong of [undefined, 7, {}, { epoch: 5 }, { epoch: '5', position: 10 }]) {
    t.is(parseOpened({ opened: wrong }), undefined)
  }
})

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
