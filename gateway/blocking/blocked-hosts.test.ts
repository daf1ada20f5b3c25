import test, { type ExecutionContext } from 'ava'
import { BucketText } from '../../cluster/kept/bucket-text.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { Code } from '../../links/ids.ts'
import { startGateway } from '../testing/test-gateway.ts'
import { KEPT_HOSTS_MAX } from './kept-hosts.ts'
import { openBlocking } from './node-blocking.ts'

const BAD = 'https://bad.example/page'
const GOOD = 'https://good.example/'

async function start(t: ExecutionContext, server = new MemoryKeyValueServer()) {
  const warnings: string[] = []
  const text = await BucketText.open(server.connect(), 'access.hosts')
  const blocking = await openBlocking({
    file: undefined,
    check: undefined,
    text,
    warn: (what) => warnings.push(what),
  })
  const gateway = await startGateway(t, {}, undefined, { blocking })
  const { call } = gateway
  const block = (host: string, body: object = {}) =>
    call('PUT', `/api/blocked-hosts/${encodeURIComponent(host)}`, body)
  const listed = async () => {
    const { json } = await call('GET', '/api/blocked-hosts')
    return (json as unknown as { hosts: { host: string; note: string | null }[] }).hosts
  }
  return { ...gateway, blocking, block, listed, server, warnings }
}

test('a host is blocked, listed, asked for and unblocked', async (t) => {
  const { block, call, listed } = await start(t)
  t.is((await block('BAD.example.', { note: 'Phishing' })).status, 201)
  t.is((await block('*.bad.example')).status, 201)
  t.is((await block('bad.example', { note: 'Malware' })).status, 200)
  const hosts = await listed()
  t.deepEqual(
    hosts.map(({ host, note }) => [host, note]),
    [
      ['*.bad.example', null],
      ['bad.example', 'Malware'],
    ],
  )
  const asked = await call('GET', '/api/blocked-hosts/a.BAD.example')
  t.like(asked.json, {
    host: 'a.bad.example',
    isBlocked: true,
    by: '*.bad.example',
    source: 'interface',
  })
  t.like((await call('GET', '/api/blocked-hosts/good.example')).json, {
    isBlocked: false,
    by: null,
  })
  t.is((await call('DELETE', '/api/blocked-hosts/bad.example')).status, 204)
  t.is((await call('DELETE', '/api/blocked-hosts/bad.example')).json.code, 'host_not_found')
  t.is((await listed()).length, 1)
  const long = `${'a.'.repeat(110)}example`
  t.is((await block(long)).status, 201)
  t.is((await block('[2001:db8::1]')).status, 201)
  t.is((await block('a.example:80')).json.field, 'host')
})

test('no link is made or changed to lead to a blocked host, in whatever field', async (t) => {
  const { add, block, call, links } = await start(t)
  await block('bad.example')
  add({ code: 'here', url: GOOD })
  const rules = [{ ...RULE, targets: [{ url: BAD, weight: 1 }] }]
  for (const [fields, field] of [
    [{ url: BAD }, 'url'],
    [{ url: GOOD, expiredUrl: BAD }, 'expiredUrl'],
    [{ url: GOOD, rules }, 'rules[0].targets[0].url'],
  ] as const) {
    for (const reply of [
      await call('POST', '/api/links', fields),
      await call('PATCH', '/api/links/here', fields),
    ]) {
      t.is(reply.status, 403, field)
      t.like(reply.json, { code: 'target_blocked', field })
    }
  }
  const past = { url: BAD, code: 'past', createdAt: '2020-01-01T00:00:00Z' }
  const { results } = (
    await call('POST', '/api/links/bulk', { links: [{ url: GOOD }, { url: BAD }, past] })
  ).json
  t.deepEqual(
    results.map(({ status, error }) => [status, error?.code]),
    [
      [201, undefined],
      [403, 'target_blocked'],
      [403, 'target_blocked'],
    ],
  )
  t.is(links.links.size, 2)
})

const RULE = { devices: [], languages: [], countries: [], from: null, to: null }

test('links that are there are blocked at once, counted as such, and free again at once', async (t) => {
  const { add, block, call, links, redirects } = await start(t)
  add({ code: 'plain', url: BAD })
  add({ code: 'away', url: BAD })
  add({ code: 'few', url: BAD, maxVisits: 3 })
  add({
    code: 'ruled',
    url: BAD,
    rules: [{ ...RULE, devices: ['ios'], targets: [{ url: GOOD, weight: 1 }] }],
  })
  add({ code: 'over', url: GOOD, lifecycle: 'live', expiresAt: 1 as never, expiredUrl: BAD })
  add({ code: 'other', url: GOOD })
  links.evicted.add('away' as Code)
  const statuses = async (method: 'GET' | 'HEAD' = 'GET') => {
    const paths = ['/plain', '/away', '/few', '/ruled', '/over', '/other']
    return Promise.all(paths.map(async (path) => (await call(method, path)).status))
  }
  t.deepEqual(await statuses(), [302, 302, 302, 302, 302, 302])
  await block('bad.example')
  t.deepEqual(await statuses(), [403, 403, 403, 403, 410, 302])
  t.deepEqual((await statuses('HEAD')).slice(0, 4), [403, 403, 403, 403])
  t.is(links.links.get('few' as Code)!.visits, 1, 'who is sent nowhere uses up no visit')
  const page = await call('GET', '/plain', undefined, { accept: 'text/html' })
  t.regex(page.text, /This link is blocked/)
  t.is(page.headers['cache-control'], 'no-store')
  t.is(page.headers['location'], undefined)
  t.is(
    (await call('GET', '/plain', undefined, { accept: 'application/json' })).json.code,
    'target_blocked',
  )
  t.is((await call('GET', '/plain+')).status, 403)
  t.is(redirects.blocked, 10)
  await call('DELETE', '/api/blocked-hosts/bad.example')
  t.deepEqual(await statuses(), [302, 302, 302, 302, 302, 302])
})

test('another node hears of it, and what is no list changes nothing', async (t) => {
  const one = await start(t)
  const two = await start(t, one.server)
  two.add({ code: 'plain', url: BAD })
  await one.block('bad.example')
  while (two.blocking.blocked.isEmpty) await new Promise((resolve) => setImmediate(resolve))
  t.is((await two.call('GET', '/plain')).status, 403)
  const bucket = one.server.connect()
  const { revision } = (await bucket.get('access.hosts'))!
  await bucket.update('access.hosts', '[{"host":"BAD"}]', revision)
  while (two.warnings.length === 0) await new Promise((resolve) => setImmediate(resolve))
  t.is((await two.call('GET', '/plain')).status, 403)
  t.is((await two.block('else.example')).json.code, 'list_unavailable')
})

test('what a newer program says of a host stays where this one changes the list', async (t) => {
  const { block, blocking, server } = await start(t)
  const newer = { host: 'later.example', note: null, since: 1, until: 5 }
  await server.connect().create('access.hosts', JSON.stringify([newer]))
  while (blocking.blocked.isEmpty) await new Promise((resolve) => setImmediate(resolve))
  t.is((await block('bad.example')).status, 201)
  const { value } = (await server.connect().get('access.hosts'))!
  t.deepEqual((JSON.parse(value!) as unknown[])[0], newer)
})

test(`there are at most ${KEPT_HOSTS_MAX} by the interface`, async (t) => {
  const { block, blocking, server } = await start(t)
  const hosts = Array.from({ length: KEPT_HOSTS_MAX }, (_, at) => ({
    host: `h${at}.example`,
    note: null,
    since: 1,
  }))
  await server.connect().create('access.hosts', JSON.stringify(hosts))
  while (blocking.blocked.isEmpty) await new Promise((resolve) => setImmediate(resolve))
  t.is((await block('one-more.example')).json.code, 'too_many_hosts')
  t.is((await block('h1.example', { note: 'known' })).status, 200)
})

test('metrics tell how many hosts are blocked', async (t) => {
  const { block, call } = await start(t)
  await block('bad.example')
  const { text } = await call('GET', '/metrics')
  t.regex(text, /^tinygrid_blocked_hosts_interface 1$/m)
  t.regex(text, /^tinygrid_blocked_hosts_file 0$/m)
})
