import test from 'ava'
import * as fc from 'fast-check'
import { TinygridError } from '../../links/errors.ts'
import { OPTION_NAMES } from '../../links/link-options.ts'
import type { WriteResult } from '../../links/link-owner.ts'
import {
  overTheWire,
  maybe,
  anyPlainLink,
  plainCreate,
  anyImport,
  anyRequest,
} from '../testing/any-owner-values.ts'
import { WRITES_LIMITS } from './owner-protocol.ts'
import { encodeWriteResult } from './owner-values.ts'
import { encodeWriteRequest, parseWriteRequest, writeBytes } from './write-requests.ts'

test('every write arrives as it was sent', (t) => {
  const property = fc.property(anyRequest, (request) => {
    const sent = overTheWire(encodeWriteRequest(request))
    t.deepEqual(parseWriteRequest(sent), overTheWire(request))
  })
  fc.assert(property)
})

test('a plain create takes little more than its texts', (t) => {
  const property = fc.property(plainCreate, (request) => {
    const texts = [request.code, request.url, request.operationId]
    t.is(String(encodeWriteRequest(request)).length, texts.join('').length + 2)
  })
  fc.assert(property)
})

test('neither a write nor its answer takes more than is counted for it', (t) => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  const texts = { title: maybe(text), tags: fc.array(text, { maxLength: 10 }) }
  const property = fc.property(
    anyRequest,
    anyPlainLink,
    fc.record(texts),
    (request, link, more) => {
      const asked = request.kind === 'create' ? { ...request, ...more } : request
      const bytes = writeBytes(asked)
      t.true(bytes <= WRITES_LIMITS.bytesMax)
      t.true(Buffer.byteLength(JSON.stringify(encodeWriteRequest(asked))) <= bytes)
      if (asked.kind !== 'create') return
      const reused: WriteResult = { kind: 'reused', link: { ...link, ...more, code: asked.code } }
      t.true(Buffer.byteLength(JSON.stringify(encodeWriteResult(reused, asked))) <= bytes)
    },
  )
  fc.assert(property)
})

test('an import that tells of no possible past is refused by its field', (t) => {
  const [good] = fc.sample(anyImport, 1)
  const link = { ...good!, createdAt: 1000, updatedAt: 1000, maxVisits: 3, visits: 3 }
  t.deepEqual(parseWriteRequest(link), overTheWire(link))
  const wrong = [
    { updatedAt: 999 },
    { visits: -1 },
    { maxVisits: null },
    { createdAt: '2020' },
    { lifecycle: 'purged' },
    { isAlias: 1 },
    { url: 'javascript:alert(1)' },
    { code: 'a/b/c' },
  ]
  for (const fields of wrong) {
    const error = t.throws(() => parseWriteRequest({ ...link, ...fields }), {
      instanceOf: TinygridError,
    })
    t.is(error.code, 'invalid_field', JSON.stringify(fields))
  }
})

test('what asks for options is not understood by a node that knows none', (t) => {
  const property = fc.property(anyRequest, (request) => {
    const sent = encodeWriteRequest(request) as { kind: string }
    const asked: object = request.kind === 'update' ? request.changes : request
    t.is(
      sent.kind === `${request.kind}+`,
      OPTION_NAMES.some((name) => name in asked),
    )
  })
  fc.assert(property)
})
