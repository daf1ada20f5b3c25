/** What an owner is asked by other nodes is what a gateway would let in, or it is refused by itself. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { IF_MATCH_LENGTH_MAX } from '../../links/link-fields.ts'
import { parseWriteRequest } from './write-requests.ts'

/** The field at fault, or the code of the error; undefined: it is understood. */
function refusalOf(request: unknown): string | undefined {
  try {
    parseWriteRequest(request)
    return undefined
  } catch (error) {
    if (error instanceof TinygridError) return error.field ?? error.code
    throw error
  }
}

const URL_LONG = `https://a.example/${'x'.repeat(100_000)}`
const create = {
  title: null,
  tags: [],
  expiresAt: null,
  maxVisits: null,
  isAlias: false,
  reuse: true,
  kind: 'create',
  code: 'abc',
  url: 'https://a.example/',
  operationId: 'x.1',
}
const update = { kind: 'update', code: 'abc', changes: {} }
const visit = { kind: 'visit', code: 'abc' }

test('an owner refuses what no gateway lets in, and names the field', (t) => {
  for (const good of [create, update, visit]) t.is(refusalOf(good), undefined)
  const wrong: readonly (readonly [string, unknown])[] = [
    ['code', { ...create, code: 'no code' }],
    ['code', { ...create, code: 'x'.repeat(65) }],
    ['code', { ...create, code: 'api' }],
    ['code', { ...visit, code: ['abc'] }],
    ['url', { ...create, url: URL_LONG }],
    ['url', { ...create, url: 'javascript:alert(1)' }],
    ['url', { ...create, url: 'https://a.example/\r\nSet-Cookie: a=b' }],
    ['url', { ...create, url: 'https://' }],
    ['url', { ...create, url: 7 }],
    ['url', { ...update, changes: { url: URL_LONG } }],
    ['url', { ...update, changes: { url: null } }],
    ['title', { ...create, title: 'x'.repeat(70_000) }],
    ['title', { ...create, title: 'a bell\u0007' }],
    ['title', { ...create, title: '\ud800' }],
    ['title', { ...create, title: undefined }],
    ['title', { ...update, changes: { title: 7 } }],
    ['tags', { ...create, tags: 'x' }],
    ['tags', { ...create, tags: Array.from({ length: 11 }, (_, n) => String(n)) }],
    ['tags[1]', { ...create, tags: ['x', '😀'.repeat(41)] }],
    ['tags[0]', { ...update, changes: { tags: [7] } }],
    ['tags[0]', { ...update, changes: { tags: [' '] } }],
    ['expiresAt', { ...create, expiresAt: 2 ** 48 }],
    ['expiresAt', { ...create, expiresAt: -1 }],
    ['expiresAt', { ...update, changes: { expiresAt: 'soon' } }],
    ['maxVisits', { ...create, maxVisits: 2 ** 32 }],
    ['maxVisits', { ...create, maxVisits: 0 }],
    ['maxVisits', { ...update, changes: { maxVisits: 1.5 } }],
    ['isAlias', { ...create, isAlias: 1 }],
    ['reuse', { ...create, reuse: null }],
    ['operationId', { ...visit, operationId: 7 }],
    ['operationId', { ...visit, operationId: '' }],
    ['operationId', { ...visit, operationId: 'x'.repeat(65) }],
    ['operationId', { ...visit, operationId: 'ö' }],
    ['If-Match', { ...update, ifMatch: 7 }],
    ['If-Match', { ...update, ifMatch: 'x'.repeat(IF_MATCH_LENGTH_MAX + 1) }],
    ['bad_request', { ...visit, kind: 'merge' }],
    ['bad_request', { ...visit, kind: undefined }],
    ['bad_request', { ...update, changes: null }],
    ['url', 'abc javascript:x x.1'],
    ['url', `abc ${URL_LONG} x.1`],
    ['code', 'api https://a.example/ x.1'],
    ['operationId', 'abc https://a.example/ '],
    ['bad_request', 'abc https://a.example/ x.1 more'],
  ]
  for (const [refusal, request] of wrong) {
    t.is(refusalOf(request), refusal, JSON.stringify(request).slice(0, 100))
  }
})

test('of a request an owner takes nothing that it does not know', (t) => {
  const more = { lifecycle: 'purged', createdAt: -1, visits: 2 ** 40, code: 'other' }
  t.deepEqual(parseWriteRequest({ ...update, changes: { title: 'x', ...more } }), {
    kind: 'update',
    code: 'abc' as Code,
    changes: { title: 'x' },
  })
  const { code: _, ...extra } = more
  t.deepEqual(parseWriteRequest({ ...create, ...extra }), parseWriteRequest(create))
})
