/** A document is read as the version that was written, or as one that nobody takes in. */
import test from 'ava'
import * as fc from 'fast-check'
import { isWholeVersion } from '../../links/link-record.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { versionOf, type StoredLink } from './mongo-link-document.ts'

test('a document is read as its version', (t) => {
  const version = linkVersion('abc', 7)
  const read = versionOf({ _id: 'abc', v: { s: 7, r: version.record } })
  t.deepEqual(read, version)
  t.true(isWholeVersion(read))
})

test('a document that somebody else has written is read, and is no whole version', (t) => {
  const { record } = linkVersion('abc', 7)
  const anyVersion = fc.oneof(fc.anything(), fc.record({ s: fc.anything(), r: fc.anything() }))
  const property = fc.property(anyVersion, (v) => {
    t.false(isWholeVersion(versionOf({ _id: 'abc', v } as StoredLink)))
  })
  fc.assert(property)
  for (const position of [-1, 0.5, 2 ** 48, Number.NaN]) {
    t.false(isWholeVersion(versionOf({ _id: 'abc', v: { s: position, r: record } })))
  }
  t.false(isWholeVersion(versionOf({ _id: 'other', v: { s: 7, r: record } })))
  t.false(isWholeVersion(versionOf({ _id: 'abc', v: { s: 7, r: record.subarray(1) } })))
})
