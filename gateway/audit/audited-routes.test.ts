/**
 * Whatever changes something is noted in the audit log: every route that is no question, of our own API and of
 * the interfaces of other shorteners. A new one without a row here fails.
 */
import test, { type ExecutionContext } from 'ava'
import { remoteDesks, type DeskCall } from '../../clicks/hooks/hook-desks.ts'
import { newWebhook } from '../../clicks/hooks/webhook.ts'
import { newReport } from '../../clicks/reports/report.ts'
import { MemoryClickLog } from '../../clicks/testing/memory-click-log.ts'
import { BucketText } from '../../cluster/kept/bucket-text.ts'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { sampleKey } from '../../cluster/keys/key-store.contract.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { Code } from '../../links/ids.ts'
import { ROLE_OF_ROUTE } from '../api/route-roles.ts'
import { openBlocking } from '../blocking/node-blocking.ts'
import { FOREIGN_INTERFACES } from '../compatible/foreign-interfaces.ts'
import { KuttIds } from '../compatible/kutt/kutt-ids.ts'
import { KEY, NOW, startGateway } from '../testing/test-gateway.ts'
import { AuditTrail } from './audit-trail.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface Change {
  /** After the method, in the place of the route as it is written. */
  readonly path?: string
  readonly body?: unknown
  /** What is noted, in order. */
  readonly notes: readonly string[]
}

const HOOK = newWebhook({ url: 'https://a.example/', events: ['click'] }, NOW)
const REPORT = newReport({ name: 'A', period: 'day', groupBy: ['country'] }, NOW)
const ACCESS_KEY = sampleKey()
const URL_1 = 'https://example.com/1'
const SHORT_URL = '/rest/v3/short-urls'
const KUTT_LINK = `/api/v2/links/${new KuttIds([]).idOf('kutt' as Code)}`
const ANSWERS: Readonly<Record<string, unknown>> = {
  'webhooks.list': [HOOK],
  'webhooks.add': HOOK,
  'webhooks.change': { ...HOOK, lastDeliveredAt: null, lastFailure: null },
  'webhooks.test': { kind: 'delivered' },
  'webhooks.retry': { delivered: 0, failed: 0 },
  'reports.list': [REPORT],
  'reports.add': { ...REPORT, sentTo: null, lastFailure: null },
  'reports.change': { ...REPORT, name: 'B', sentTo: null, lastFailure: null },
}
const CREATED = ['link.created']

/** In this order. */
const CHANGES: Readonly<Record<string, readonly Change[]>> = {
  'POST /api/links': [{ body: { url: URL_1, code: 'one', tags: ['red'] }, notes: CREATED }],
  'POST /api/links/bulk': [
    {
      body: {
        links: [{ url: URL_1 }, { url: URL_1, code: 'p', createdAt: '2020-01-01T00:00:00Z' }],
      },
      notes: ['link.created', 'link.imported'],
    },
  ],
  'PATCH /api/links/:code': [
    { path: '/api/links/one', body: { title: 'A' }, notes: ['link.changed'] },
  ],
  'PUT /rest/v3/tags': [{ body: { oldName: 'red', newName: 'blue' }, notes: ['link.changed'] }],
  'DELETE /rest/v3/tags': [{ path: '/rest/v3/tags?tags[]=blue', notes: ['link.changed'] }],
  'POST /rest/v3/short-urls': [{ body: { longUrl: 'https://example.com/2' }, notes: CREATED }],
  'PATCH /rest/v3/short-urls/:code': [
    { path: `${SHORT_URL}/one`, body: { title: 'B' }, notes: ['link.changed'] },
  ],
  'POST /rest/v3/short-urls/:code/redirect-rules': [
    {
      path: `${SHORT_URL}/one/redirect-rules`,
      body: { redirectRules: [] },
      notes: ['link.changed'],
    },
  ],
  'DELETE /rest/v3/short-urls/:code/visits': [
    { path: `${SHORT_URL}/one/visits`, notes: ['clicks.deleted'] },
  ],
  'DELETE /rest/v3/short-urls/:code': [{ path: `${SHORT_URL}/one`, notes: ['link.deleted'] }],
  'POST /api/links/:code/restore': [{ path: '/api/links/one/restore', notes: ['link.restored'] }],
  'DELETE /api/links/:code/clicks': [{ path: '/api/links/one/clicks', notes: ['clicks.deleted'] }],
  'DELETE /api/links/:code': [
    { path: '/api/links/one', notes: ['link.deleted'] },
    { path: '/api/links/one?purge=true', notes: ['link.purged'] },
  ],
  'DELETE /api/visits': [{ path: '/api/visits?address=203.0.113.77', notes: ['visits.deleted'] }],
  'POST /v4/shorten': [{ body: { long_url: 'https://example.com/3' }, notes: CREATED }],
  'POST /v4/bitlinks': [{ body: { long_url: 'https://example.com/4' }, notes: CREATED }],
  'POST /api/v2/links': [
    { body: { target: 'https://example.com/7', customurl: 'kutt' }, notes: CREATED },
  ],
  'PATCH /api/v2/links/:id': [
    { path: KUTT_LINK, body: { description: 'C' }, notes: ['link.changed'] },
  ],
  'DELETE /api/v2/links/:id': [{ path: KUTT_LINK, notes: ['link.deleted'] }],
  'GET /yourls-api.php': [
    { path: '/yourls-api.php?action=shorturl&url=https://example.com/5', notes: CREATED },
  ],
  'POST /yourls-api.php': [
    { path: '/yourls-api.php?action=shorturl&url=https://example.com/6', notes: CREATED },
  ],
  'POST /api/keys': [{ body: { name: 'A', role: 'read' }, notes: ['key.made'] }],
  'PATCH /api/keys/:id': [
    { path: `/api/keys/${ACCESS_KEY.id}`, body: { name: 'B' }, notes: ['key.changed'] },
  ],
  'DELETE /api/keys/:id': [{ path: `/api/keys/${ACCESS_KEY.id}`, notes: ['key.revoked'] }],
  'PUT /api/blocked-hosts/:host': [
    { path: '/api/blocked-hosts/bad.example', body: {}, notes: ['host.blocked'] },
    { path: '/api/blocked-hosts/bad.example', body: { note: 'x' }, notes: ['host.changed'] },
  ],
  'DELETE /api/blocked-hosts/:host': [
    { path: '/api/blocked-hosts/bad.example', notes: ['host.unblocked'] },
  ],
  'POST /api/webhooks': [
    { body: { url: 'https://a.example/', events: ['click'] }, notes: ['webhook.made'] },
  ],
  'PATCH /api/webhooks/:id': [
    { path: `/api/webhooks/${HOOK.id}`, body: { isEnabled: false }, notes: ['webhook.changed'] },
  ],
  'POST /api/webhooks/:id/test': [
    { path: `/api/webhooks/${HOOK.id}/test`, notes: ['webhook.tested'] },
  ],
  'POST /api/webhooks/:id/retry': [
    { path: `/api/webhooks/${HOOK.id}/retry`, notes: ['webhook.retried'] },
  ],
  'DELETE /api/webhooks/:id': [{ path: `/api/webhooks/${HOOK.id}`, notes: ['webhook.removed'] }],
  'POST /api/reports': [{ body: { name: 'A', period: 'day' }, notes: ['report.made'] }],
  'PATCH /api/reports/:id': [
    { path: `/api/reports/${REPORT.id}`, body: { name: 'B' }, notes: ['report.changed'] },
  ],
  'DELETE /api/reports/:id': [{ path: `/api/reports/${REPORT.id}`, notes: ['report.removed'] }],
  'POST /api/cluster/nodes/:node/drain': [
    { path: '/api/cluster/nodes/n1/drain', body: {}, notes: ['node.drained'] },
    { path: '/api/cluster/nodes/n1/drain', body: { stop: true }, notes: ['node.stopped'] },
  ],
  'DELETE /api/cluster/nodes/:node/drain': [
    { path: '/api/cluster/nodes/n1/drain', notes: ['node.undrained'] },
  ],
}

/** These ask by POST, or are always refused. */
const CHANGE_NOTHING: ReadonlySet<string> = new Set([
  'POST /v4/expand',
  'PATCH /rest/v3/domains/redirects',
  'DELETE /rest/v3/visits/orphan',
  'POST /api/v2/domains',
  'DELETE /api/v2/domains/:id',
])

const now = () => NOW
const drainNode = async () => {}

async function start(t: ExecutionContext) {
  const log = new MemoryClickLog()
  const seams = { writer: log, reader: log.reader() }
  const audit = new AuditTrail({ log: seams, node: 'one', ipPrivacy: 'anonymised', now })
  const server = new MemoryKeyValueServer()
  const keys = await BucketKeyStore.open(server.connect())
  await keys.add(ACCESS_KEY)
  const text = await BucketText.open(server.connect(), 'access.hosts')
  const blocking = await openBlocking({ file: undefined, text, check: undefined, warn: () => {} })
  const desks = remoteDesks(async ([desk, method]: DeskCall) => ANSWERS[`${desk}.${method}`])
  const more = { audit, keys, blocking, desks, drainNode }
  const gateway = await startGateway(t, { interfaces: FOREIGN_INTERFACES }, undefined, more)
  const told = async () => {
    const { json } = await gateway.call('GET', '/api/audit?limit=500')
    return (
      json as unknown as { entries: { action: string; before: unknown }[] }
    ).entries.toReversed()
  }
  return { ...gateway, log, told }
}

test('every route that changes something has its change noted, each once', async (t) => {
  const { call, told, log } = await start(t)
  const rest = new Set(Object.keys(ROLE_OF_ROUTE).filter((route) => !route.startsWith('GET ')))
  for (const [route, changes] of Object.entries(CHANGES)) {
    rest.delete(route)
    const [method, url] = route.split(' ') as [Method, string]
    for (const { path = url, body, notes } of changes) {
      const known = (await told()).length
      const reply = await call(method, path, body, { 'x-api-key': KEY })
      t.true(reply.status < 300, `${route}: ${reply.status} ${reply.text}`)
      const actions = (await told()).slice(known).map(({ action }) => action)
      t.deepEqual(actions, notes, route)
    }
  }
  t.deepEqual([...rest].sort(), [...CHANGE_NOTHING].sort())
  const text = log.batches.map(({ payload }) => String(Buffer.from(payload))).join()
  t.false(text.includes('203.0.113'), 'an address that is to be forgotten is not noted')
  t.false(text.includes(HOOK.secret))
  const entries = await told()
  const renamed = entries.filter(({ action }) => action === 'link.changed')[1]!
  t.like(renamed, { before: { tags: ['red'] }, after: { tags: ['blue'] } })
})
