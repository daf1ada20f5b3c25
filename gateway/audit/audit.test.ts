import test, { type ExecutionContext } from 'ava'
import { MemoryClickLog } from '../../clicks/testing/memory-click-log.ts'
import { BucketText } from '../../cluster/kept/bucket-text.ts'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { EpochMs } from '../../links/ids.ts'
import { parseDomain } from '../../links/full-code.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import { openBlocking } from '../blocking/node-blocking.ts'
import { EventListener } from '../testing/event-listener.ts'
import { IN_AN_HOUR, startGateway } from '../testing/test-gateway.ts'
import { AuditTrail } from './audit-trail.ts'

interface Entry {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly by: { kind: string; id: string | null; name: string | null; role: string | null }
  readonly subject: string
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  readonly node: string
  readonly address: string | null
}

const URL_1 = 'https://example.com/1'

async function start(
  t: ExecutionContext,
  bytesMax?: number,
  settings: Partial<GatewaySettings> = {},
) {
  const log = new MemoryClickLog(bytesMax)
  const server = new MemoryKeyValueServer()
  const clock = { now: Date.UTC(2030, 0, 1) as EpochMs }
  const now = () => clock.now
  const seams = { writer: log, reader: log.reader() }
  const audit = new AuditTrail({ log: seams, node: 'one', ipPrivacy: 'anonymised', now })
  const keys = await BucketKeyStore.open(server.connect())
  const text = await BucketText.open(server.connect(), 'access.hosts')
  const blocking = await openBlocking({ file: undefined, text, check: undefined, warn: () => {} })
  const more = { audit, keys, blocking, now }
  const gateway = await startGateway(t, { publicCreate: true, ...settings }, freeWork(), more)
  const { call } = gateway
  const page = async (query = '') => {
    const { status, json } = await call('GET', `/api/audit${query}`)
    t.is(status, 200, JSON.stringify(json))
    return json as unknown as { entries: Entry[]; nextCursor: string | null }
  }
  const actions = async (query = '') => (await page(query)).entries.map(({ action }) => action)
  const makeKey = async (name: string) => {
    const { json } = await call('POST', '/api/keys', { name, role: 'edit' })
    return json as unknown as { id: string; key: string }
  }
  return { ...gateway, log, clock, page, actions, makeKey }
}

test('a link on another domain is noted with it, and changed as any other', async (t) => {
  const domain = parseDomain('go.example')!
  const domains = [{ name: domain, fallbackUrl: null, robots: 'allow' as const }]
  const { call, page } = await start(t, undefined, { baseUrl: 'https://sho.rt', domains })
  const one = '/api/links/abc?domain=go.example'
  for (const { status } of [
    await call('POST', '/api/links', { url: URL_1, code: 'abc', domain }),
    await call('PATCH', one, { title: 'B' }),
    await call('DELETE', one),
    await call('POST', '/api/links/abc/restore?domain=go.example'),
    await call('POST', '/api/links/bulk', { links: [{ url: URL_1, code: 'def', domain }] }),
  ]) {
    t.true(status < 300, String(status))
  }
  const { entries } = await page()
  t.is(entries.length, 5)
  t.true(entries.every(({ after }) => after?.['domain'] === domain))
  t.is((await page('?code=go.example/abc')).entries.length, 4)
})

test('each change of a link is noted with who made it, and how it was before and after', async (t) => {
  const { call, page, makeKey } = await start(t)
  const { id, key } = await makeKey('Anna')
  const as = { 'x-api-key': key }
  await call('POST', '/api/links', { url: URL_1, code: 'mine', title: 'A' }, as)
  await call('PATCH', '/api/links/mine', { title: 'B', password: 'secret-word' }, as)
  await call('DELETE', '/api/links/mine', undefined, as)
  await call('POST', '/api/links/mine/restore')
  await call('DELETE', '/api/links/mine?purge=true')
  await call('POST', '/api/links', { url: 'https://example.com/2' }, { 'x-api-key': '' })
  const { entries } = await page()
  t.deepEqual(
    entries.map(({ action, by, before, after }) => [
      action,
      by.kind,
      before?.['title'] ?? null,
      before?.['state'] ?? null,
      after?.['title'] ?? null,
      after?.['state'] ?? null,
    ]),
    [
      ['link.created', 'anybody', null, null, null, 'live'],
      ['link.purged', 'settings', 'B', 'live', null, null],
      ['link.restored', 'settings', 'B', 'deleted', 'B', 'live'],
      ['link.deleted', 'key', 'B', 'live', 'B', 'deleted'],
      ['link.changed', 'key', 'A', 'live', 'B', 'live'],
      ['link.created', 'key', null, null, 'A', 'live'],
      ['key.made', 'settings', null, null, null, null],
    ],
  )
  const changed = entries[4]!
  t.deepEqual(changed.by, { kind: 'key', id, name: 'Anna', role: 'edit' })
  t.like(changed, { subject: 'mine', node: 'one', address: '127.0.0.0' })
  t.deepEqual([changed.before!['hasPassword'], changed.after!['hasPassword']], [false, true])
})

test('what changes nothing is not noted, and no secret ever is', async (t) => {
  const { call, log, makeKey, actions } = await start(t)
  const { id, key } = await makeKey('Anna')
  await call('POST', '/api/links', { url: URL_1 })
  await call('POST', '/api/links', { url: URL_1 })
  await call('POST', '/api/links', { url: URL_1, code: 'x', password: 'secret-word' })
  await call('POST', '/api/links', { url: URL_1, code: 'x' })
  await call('PATCH', '/api/links/none', { title: 'x' })
  await call('GET', '/x')
  await call('DELETE', `/api/keys/${id}`)
  t.deepEqual(await actions(), ['key.revoked', 'link.created', 'link.created', 'key.made'])
  const text = log.batches.map(({ payload }) => String(Buffer.from(payload))).join()
  for (const secret of [key.slice(16), 'secret-word', '$scrypt', '"hash"']) {
    t.false(text.includes(secret), secret)
  }
})

test('links of bulk requests and imports, blocked hosts and webhooks are noted too', async (t) => {
  const { call, actions, page } = await start(t)
  const past = { url: URL_1, code: 'past', createdAt: '2020-01-01T00:00:00Z' }
  await call('POST', '/api/links/bulk', { links: [{ url: URL_1 }, { url: URL_1 }, {}, past] })
  await call('PUT', '/api/blocked-hosts/bad.example', {})
  await call('PUT', '/api/blocked-hosts/bad.example', { note: 'why' })
  await call('DELETE', '/api/blocked-hosts/bad.example')
  t.deepEqual(await actions(), [
    'host.unblocked',
    'host.changed',
    'host.blocked',
    'link.imported',
    'link.created',
  ])
  const [unblocked, changed] = (await page('?code=bad.example')).entries
  t.like(changed, { before: { note: null }, after: { note: 'why' } })
  t.like(unblocked, { before: { host: 'bad.example', note: 'why' }, after: null })
})

test('the list goes by pages, and by link, key, action and time', async (t) => {
  const { call, clock, page, actions, makeKey } = await start(t)
  const { id, key } = await makeKey('Anna')
  for (let at = 0; at < 450; at++) {
    const by = at % 100 === 0 ? { 'x-api-key': key } : {}
    await call('POST', '/api/links', { url: `https://example.com/${at}`, code: `c${at}` }, by)
    clock.now = (clock.now + 1_000) as EpochMs
  }
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const got: Awaited<ReturnType<typeof page>> = await page(`?limit=200${cursor}`)
    seen.push(...got.entries.map(({ subject }) => subject))
    cursor = got.nextCursor === null ? null : `&cursor=${got.nextCursor}`
  }
  const expected = Array.from({ length: 450 }, (_, at) => `c${449 - at}`)
  t.deepEqual(seen, [...expected, id])
  t.is((await page(`?key=${id}`)).entries.length, 5)
  t.deepEqual(await actions('?code=c7'), ['link.created'])
  t.deepEqual(await actions('?action=key.made'), ['key.made'])
  const span = await page('?from=2030-01-01T00:00:10Z&to=2030-01-01T00:00:12Z')
  t.deepEqual(
    span.entries.map(({ subject }) => subject),
    ['c11', 'c10'],
  )
  t.is((await call('GET', '/api/audit?cursor=x')).json.field, 'cursor')
  t.is((await call('GET', '/api/audit?from=soon')).json.field, 'from')
})

test('a change that could not be noted is not acknowledged, and a key that was not noted is none', async (t) => {
  const { call, log, actions } = await start(t)
  log.fault = 'refused'
  const made = await call('POST', '/api/links', { url: URL_1, code: 'x' })
  t.like(made.json, { status: 503, code: 'audit_unavailable' })
  const { results } = (await call('POST', '/api/links/bulk', { links: [{ url: URL_1 }] })).json
  t.is(results[0]!.error.code, 'audit_unavailable')
  t.is((await call('POST', '/api/keys', { name: 'a', role: 'read' })).status, 503)
  const { keys } = (await call('GET', '/api/keys')).json as unknown as { keys: unknown[] }
  t.deepEqual(keys, [])
  log.fault = 'none'
  t.is((await call('PATCH', '/api/links/x', { expiresAt: IN_AN_HOUR })).status, 200)
  t.deepEqual(await actions(), ['link.changed'])
})

test('an acknowledgement that was lost is asked for again, and the change is noted once', async (t) => {
  const { call, log, actions } = await start(t)
  const append = log.append.bind(log)
  let times = 0
  log.append = (id, payload) => {
    log.fault = times++ === 0 ? 'unacknowledged' : 'none'
    return append(id, payload)
  }
  t.is((await call('POST', '/api/links', { url: URL_1, code: 'x' })).status, 201)
  t.deepEqual([times, await actions()], [2, ['link.created']])
})

test('changes are followed as they come, from where a client was', async (t) => {
  const { call, listen } = await start(t)
  const port = await listen()
  await call('POST', '/api/links', { url: URL_1, code: 'one' })
  const all = await EventListener.listen(port, '?after=0', {}, undefined, '/api/audit/events')
  t.like(await all.next(), { event: 'audit', id: '1', data: { subject: 'one' } })
  await call('POST', '/api/links', { url: URL_1, code: 'two' })
  t.like(await all.next(), { id: '2', data: { subject: 'two', action: 'link.created' } })
  await call('PUT', '/api/blocked-hosts/bad.example', {})
  const rest = await EventListener.listen(
    port,
    '?action=host.blocked',
    { 'last-event-id': '1' },
    undefined,
    '/api/audit/events',
  )
  t.like(await rest.next(), { id: '3', data: { subject: 'bad.example' } })
})

test('who is not told is told why: nothing is audited', async (t) => {
  const { call } = await startGateway(t)
  t.is((await call('POST', '/api/links', { url: URL_1 })).status, 201)
  for (const path of ['/api/audit', '/api/audit/events']) {
    t.like((await call('GET', path)).json, { status: 503, code: 'audit_unavailable' })
  }
})
