/** What a hand-off sends arrives as it was, or not at all. */
import test from 'ava'
import * as fc from 'fast-check'
import { toLogPosition, type EpochMs } from '../../links/ids.ts'
import { recordLength } from '../../links/link-record.ts'
import { linkRecord, linkVersion } from '../../links/testing/sample-links.ts'
import {
  packOperations,
  packVersions,
  unpackOperations,
  unpackVersions,
} from './hand-off-message.ts'
import type { ScannedVersion } from '../memory/link-table.ts'
import type { Operation } from '../partition/operations.ts'

const HEADER_BYTES = 9
const U48_MAX = 2 ** 48 - 1

const position = fc.oneof(
  fc.nat(1_000),
  fc.maxSafeNat().map((number) => number % U48_MAX),
)
const code = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const fields = fc.record({
  url: fc.nat(4_000).map((length) => `https://e.org/${'x'.repeat(length)}`),
  title: fc.option(fc.string({ unit: 'grapheme', maxLength: 200 })),
  tags: fc.array(fc.string({ maxLength: 40 }), { maxLength: 10 }),
  maxVisits: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  expiresAt: fc.option(fc.constant(U48_MAX as EpochMs)),
  lifecycle: fc.constantFrom('live' as const, 'deleted' as const, 'purged' as const),
})
const version: fc.Arbitrary<ScannedVersion> = fc
  .tuple(code, position, fields, fc.boolean())
  .map(([name, at, link, isDirty]) => Object.assign(linkVersion(name, at, link), { isDirty }))
const versions = fc.array(version, { maxLength: 8 })
const operation: fc.Arbitrary<Operation> = fc
  .tuple(fc.string({ maxLength: 64 }), code, position, fc.nat(U48_MAX))
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

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
