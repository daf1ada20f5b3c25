/** What is written to the log reads back the same, and damage never passes for a record. */
import { crc32 } from 'node:zlib'
import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from '../../links/errors.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { parseRecord, type LinkRecord } from '../../links/link-record.ts'
import { decodeLogRecord, encodeLogRecord, isForeignPayload, type LogRecord } from './log-record.ts'
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

test('a batch of links without options is written as it was before there were any', (t) => {
  const frozen =
    'El0U9WYAAAAAAAkDYi0xAAAAAgAkAAMAFwAAAAAD6GFiY2h0dHBzOi8vZXhhbXBsZS5jb20vYWJjACQAAwAXAAAAAAPoYWJkaHR0cHM6Ly9leGFtcGxlLmNvbS9hYmQ='
  const record: LogRecord = {
    ...batch,
    epoch: 9 as Epoch,
    records: [linkRecord('abc'), linkRecord('abd')],
  }
  t.is(encodeLogRecord(record).toString('base64'), frozen)
  t.deepEqual(decodeLogRecord(Buffer.from(frozen, 'base64')), record)
})

test('a batch with a link of a kind that came later is refused whole by who does not know it', (t) => {
  const kinds = [
    { format: 1, of: linkRecord('abd', { url: `https://example.org/${'x'.repeat(4_076)}` }) },
    { format: 2, of: linkRecord('abd', { redirectStatus: 301 }) },
    { format: 2, of: linkRecord('abd', { url: 'mailto:a@example.org' }) },
    { format: 2, of: linkRecord('abd', { url: `https://example.org/${'x'.repeat(4_077)}` }) },
    { format: 3, of: linkRecord('go.example/abd') },
    { format: 3, of: linkRecord('go.example/abd', { redirectStatus: 301 }) },
  ]
  for (const { format, of } of kinds) {
    for (const records of [
      [linkRecord('abc'), of],
      [of, linkRecord('abc')],
    ]) {
      const record: LogRecord = { ...batch, records }
      const bytes = encodeLogRecord(record)
      t.is(bytes[0]! >>> 4, format)
      t.deepEqual(decodeLogRecord(bytes), record)
      t.false(isForeignPayload(bytes))
    }
  }
})

test('a record of a newer format is refused by its number', (t) => {
  const newer = encodeLogRecord(batch)
  newer[0] = (9 << 4) | 2
  t.throws(() => decodeLogRecord(newer), { message: /format 9, known is 3/ })
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

/** As a writer would have left it who is no Tinygrid: the checksum is right. */
function resealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32(bytes.subarray(5), crc32(bytes.subarray(0, 1))), 1)
  return bytes
}

test('what is wrong under a right checksum is noticed too', (t) => {
  const whole = encodeLogRecord(withOperations)
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })
  const property = fc.property(fc.nat(), damage, (cut, changes) => {
    const bytes = Buffer.from(whole.subarray(0, 12 + (cut % (whole.length - 11))))
    for (const [at, value] of changes) bytes[5 + (at % (bytes.length - 5))] = value
    try {
      const record = decodeLogRecord(resealed(bytes))
      if (record.kind === 'epoch') return
      for (const one of record.records) t.is(parseRecord(one), one)
      for (const { record: place } of record.operations) t.true(place < record.records.length)
    } catch (error) {
      t.true(hasCode(error, 'internal'), String(error))
    }
  })
  fc.assert(property, { numRuns: 3_000 })
})

test('of a batch with what is no link the others are read, with their operations', (t) => {
  const noLink = linkRecord('evil', { url: 'javascript:alert(1)' })
  const records = [linkRecord('a'), noLink, Buffer.from('no link') as LinkRecord, linkRecord('b')]
  const operations = records.map((_, record) => {
    return { id: `op${record}`, outcome: 'created', record } as const
  })
  t.deepEqual(decodeLogRecord(encodeLogRecord({ ...batch, records, operations })), {
    ...batch,
    records: [records[0]!, records[3]!],
    operations: [operations[0]!, { ...operations[3]!, record: 1 }],
    damaged: 2,
  })
})
