import test from 'ava'
import { entityTag } from '../../links/entity-tag.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { hasOptions } from '../../links/link-options.ts'
import type { LinkChanges } from '../../links/link-owner.ts'
import { decide } from './decision.ts'
import { createRequest } from '../testing/test-requests.ts'

const code = 'abc1234' as Code
const at = toEpochMs

const request = createRequest(code)

function given(fields: Partial<Link> = {}): Link {
  const { next } = decide(undefined, request, at(1_000))
  return { ...next!, ...fields }
}

test('a free code is given', (t) => {
  const { result, next } = decide(undefined, request, at(1_000))
  t.is(result.kind, 'created')
  t.like(next, { code, url: 'https://example.org/', createdAt: 1_000, lifecycle: 'live' })
})

test('the same URL gets the same plain link again, if the request lets it', (t) => {
  t.deepEqual(decide(given(), request, at(2_000)), {
    result: { kind: 'reused', link: given() },
  })
  t.is(decide(given(), { ...request, reuse: false }, at(2_000)).result.kind, 'taken')
})

const notReusable: Partial<Link>[] = [
  { url: 'https://example.org/other' },
  { lifecycle: 'deleted' },
  { expiresAt: at(9_000) },
  { maxVisits: 3 },
  { validFrom: at(1_500) },
  { redirectStatus: 301 },
  { expiredUrl: 'https://example.org/over' },
]
for (const fields of notReusable) {
  test(`a code is not given again when its link has ${JSON.stringify(fields)}`, (t) => {
    t.deepEqual(decide(given(fields), request, at(2_000)), { result: { kind: 'taken' } })
  })
}

test('a purged code is as good as new', (t) => {
  t.is(decide(given({ lifecycle: 'purged' }), request, at(2_000)).result.kind, 'created')
})

test('an update changes what it names and moves updatedAt on, even if the clock steps back', (t) => {
  const changes = { title: 'Title', tags: ['a'] }
  const { next } = decide(given(), { kind: 'update', code, changes }, at(10))
  t.deepEqual(next, given({ title: 'Title', tags: ['a'], updatedAt: at(1_001) }))
})

test('an update that changes nothing writes nothing', (t) => {
  const { result, next } = decide(given(), { kind: 'update', code, changes: { tags: [] } }, at(5))
  t.is(next, undefined)
  t.deepEqual(result, { kind: 'done', link: given() })
})

test('an update under If-Match holds only for the version it names', (t) => {
  const update = { kind: 'update', code, changes: { title: 'x' } } as const
  const changed = given({ title: 'y', updatedAt: at(1_500) })
  const ifMatch = entityTag(given())
  t.is(decide(given(), { ...update, ifMatch }, at(2_000)).result.kind, 'done')
  t.deepEqual(decide(changed, { ...update, ifMatch }, at(2_000)), { result: { kind: 'stale' } })
  t.is(decide(changed, { ...update, ifMatch: '*' }, at(2_000)).result.kind, 'done')
})

test('a deleted link is gone, keeps its settings, and can be restored', (t) => {
  const deleted = decide(given({ title: 'x' }), { kind: 'delete', code }, at(2_000)).next!
  t.like(deleted, { lifecycle: 'deleted', title: 'x', updatedAt: 2_000 })
  const gone = { result: { kind: 'gone', reason: 'deleted' } }
  t.deepEqual(decide(deleted, { kind: 'delete', code }, at(3_000)), gone)
  t.deepEqual(decide(deleted, { kind: 'update', code, changes: {} }, at(3_000)), gone)
  t.deepEqual(decide(deleted, { kind: 'visit', code }, at(3_000)), gone)
  t.is(decide(deleted, { kind: 'restore', code }, at(3_000)).next?.lifecycle, 'live')
  t.is(decide(given(), { kind: 'restore', code }, at(3_000)).result.kind, 'not_deleted')
})

test('a purge leaves nothing of the link but its code', (t) => {
  const secret = given({ lifecycle: 'deleted', title: 'secret', url: 'https://secret.example/' })
  const { result, next } = decide(secret, { kind: 'purge', code }, at(2_000))
  t.deepEqual(result, { kind: 'done', link: secret })
  t.like(next, { code, lifecycle: 'purged', url: '', title: null })
})

test('what was never given or is purged cannot be changed', (t) => {
  for (const link of [undefined, given({ lifecycle: 'purged' })]) {
    for (const kind of ['delete', 'restore', 'purge'] as const) {
      t.deepEqual(decide(link, { kind, code }, at(1)), { result: { kind: 'absent' } })
    }
    t.deepEqual(decide(link, { kind: 'visit', code }, at(1)), { result: { kind: 'absent' } })
  }
})

test('visits count up to the maximum and not beyond', (t) => {
  const visit = { kind: 'visit', code } as const
  const { result, next } = decide(given({ maxVisits: 2, visits: 1 }), visit, at(1))
  t.deepEqual(result, { kind: 'redirect', url: 'https://example.org/' })
  t.is(next!.visits, 2)
  t.deepEqual(decide(next, visit, at(1)), { result: { kind: 'gone', reason: 'used_up' } })
})

test('a visit of a link without a maximum is answered and writes nothing', (t) => {
  const { result, next } = decide(given(), { kind: 'visit', code }, at(1))
  t.is(result.kind, 'redirect')
  t.is(next, undefined)
})

test('visits start at the moment a maximum is set and are forgotten without one', (t) => {
  const limit = { kind: 'update', code, changes: { maxVisits: 5 } } as const
  t.like(decide(given(), limit, at(2_000)).next, { maxVisits: 5, visits: 0 })
  const free = { kind: 'update', code, changes: { maxVisits: null } } as const
  t.like(decide(given({ maxVisits: 5, visits: 3 }), free, at(2_000)).next, { visits: 0 })
})

const past: Link = {
  ...given(),
  createdAt: at(100),
  updatedAt: at(200),
  expiresAt: at(300),
  maxVisits: 3,
  visits: 3,
  tags: ['a'],
  lifecycle: 'deleted',
}
const imported = { ...past, kind: 'import', lifecycle: 'deleted', operationId: 'x' } as const

test('an import makes a link as it was, though it be expired, used up and deleted', (t) => {
  const { result, next } = decide(undefined, imported, at(9_000))
  t.deepEqual(next, past)
  t.deepEqual(result, { kind: 'created', link: past })
  t.deepEqual(decide(given({ lifecycle: 'purged' }), imported, at(9_000)).next, past)
})

const stillThere: Partial<Link>[] = [
  {},
  { updatedAt: at(201), lifecycle: 'live', visits: 0, maxVisits: null },
  { visits: 4 },
  { createdAt: at(150), updatedAt: at(150), isAlias: !past.isAlias },
]
for (const fields of stillThere) {
  test(`an import changes nothing where the link is there with ${JSON.stringify(fields)}`, (t) => {
    const link = { ...past, ...fields }
    t.deepEqual(decide(link, imported, at(9_000)), { result: { kind: 'reused', link } })
  })
}

const another: Partial<Link>[] = [
  { url: 'https://example.org/other', updatedAt: at(201) },
  { updatedAt: at(199), title: 'Title' },
  { visits: 2 },
  { createdAt: at(150), title: 'Title' },
  { createdAt: at(150), lifecycle: 'live' },
]
for (const fields of another) {
  test(`an import is refused where the code has a link with ${JSON.stringify(fields)}`, (t) => {
    const link = { ...past, ...fields }
    t.deepEqual(decide(link, imported, at(9_000)), { result: { kind: 'taken' } })
  })
}

test('a visit before a link is valid counts for nothing, and one from then on is told how to go', (t) => {
  const link = given({ validFrom: at(5_000), maxVisits: 1, redirectStatus: 307 })
  t.deepEqual(decide(link, { kind: 'visit', code }, at(4_999)), { result: { kind: 'absent' } })
  const { result, next } = decide(link, { kind: 'visit', code }, at(5_000))
  t.deepEqual(result, { kind: 'redirect', url: link.url, status: 307 })
  t.is(next?.visits, 1)
})

test('a visit too late is told where to go instead', (t) => {
  const expiredUrl = 'https://example.org/over'
  const visit = { kind: 'visit', code } as const
  const used = given({ maxVisits: 1, visits: 1, expiredUrl })
  const gone = { kind: 'gone', reason: 'used_up', url: expiredUrl } as const
  t.deepEqual(decide(used, visit, at(2_000)).result, gone)
  const deleted = given({ lifecycle: 'deleted', expiredUrl })
  t.deepEqual(decide(deleted, visit, at(2_000)).result, { kind: 'gone', reason: 'deleted' })
})

test('an update sets one option, takes another away, and is refused if the link would end before it begins', (t) => {
  const link = given({ redirectStatus: 301, validFrom: at(5_000) })
  const update = (changes: LinkChanges) => decide(link, { kind: 'update', code, changes }, at(9))
  const { next } = update({ redirectStatus: null, expiredUrl: 'https://example.org/over' })
  t.deepEqual(
    next,
    given({
      validFrom: at(5_000),
      expiredUrl: 'https://example.org/over',
      updatedAt: at(1_001),
    }),
  )
  t.deepEqual(update({ expiresAt: at(5_000) }), { result: { kind: 'unfit' } })
  t.is(update({ expiresAt: at(5_001) }).result.kind, 'done')
  t.is(update({ redirectStatus: 301 }).next, undefined, 'nothing changes')
})

test('what is left of a purged link has no options', (t) => {
  const link = given({ redirectStatus: 301, validFrom: at(5_000) })
  const { next } = decide(link, { kind: 'purge', code }, at(2_000))
  t.false(hasOptions(next!))
})
