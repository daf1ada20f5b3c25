/** What is written to the log reads back the same, and damage never passes for a record. */
import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from '../../links/errors.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { decodeLogRecord, encodeLogRecord, type LogRecord } from './log-record.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'

const epochRecord: LogRecord = { kind: 'epoch', epoch: 7 as Epoch, nodeId: 'node-ä' as NodeId }
const moved: LogRecord = { ...epochRecord, nodeId: 'b' as NodeId, move: 'a.3.x/7' }
const batch = {
  kind: 'batch',
  epoch: (2 ** 40) as Epoch,
  batchId: 'b-1',
  records: [linkRecord('abc'), linkRecord('abd', { url: 'https://example.org/', tags: ['ö'] })],
  operations: [],
} satisfies LogRecord
const withOperations: LogRecord = {
  ...batch,
  operations: [
    { id: 'op-1', outcome: 'created', record: 0 },
    { id: 'x'.repeat(64), outcome: 'done', record: 1 },
    { id: 'v', outcome: 'redirect', record: 1 },
  ],
}

test('an epoch record reads back as it was', (t) => {
  t.deepEqual(decodeLogRecord(encodeLogRecord(epochRecord)), epochRecord)
})

test('an epoch record says by which move the partition came', (t) => {
  t.deepEqual(decodeLogRecord(encodeLogRecord(moved)), moved)
})

test('a batch reads back with the operations that it carried out', (t) => {
  t.deepEqual(decodeLogRecord(encodeLogRecord(withOperations)), withOperations)
})

test('a batch reads back with its id and its records in order', (t) => {
  t.deepEqual(decodeLogRecord(encodeLogRecord(batch)), batch)
})

test('an empty batch reads back', (t) => {
  const empty: LogRecord = { ...batch, records: [] }
  t.deepEqual(decodeLogRecord(encodeLogRecord(empty)), empty)
})

test('a batch with two records of one code is not written', (t) => {
  const twice = { ...batch, records: [linkRecord('abc'), linkRecord('abc')] }
  t.throws(() => encodeLogRecord(twice), { message: /two records of one code/ })
})

test('a record of a newer format is refused by its number', (t) => {
  const newer = encodeLogRecord(batch)
  newer[0] = (9 << 4) | 2
  t.throws(() => decodeLogRecord(newer), { message: /format 9, known is 1/ })
})

test('one flipped bit anywhere is noticed', (t) => {
  const whole = encodeLogRecord(withOperations)
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const damaged = Buffer.from(whole)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    const error = t.throws(() => decodeLogRecord(damaged))
    t.true(hasCode(error, 'internal'), `bit ${bit}`)
  }
})

test('a shortened or arbitrary payload is noticed', (t) => {
  const whole = encodeLogRecord(withOperations)
  for (let length = 0; length < whole.length; length++) {
    t.throws(() => decodeLogRecord(whole.subarray(0, length)), { message: /cannot be read/ })
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      t.throws(() => decodeLogRecord(Buffer.from(bytes)), { message: /cannot be read/ })
    }),
  )
})
