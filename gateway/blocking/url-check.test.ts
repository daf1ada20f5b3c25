import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { signedHeaders } from '../../clicks/hooks/webhook-signature.ts'
import { startGateway } from '../testing/test-gateway.ts'
import { noBlocking } from './node-blocking.ts'
import { UrlCheck, type UrlCheckOptions } from './url-check.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const GOOD = 'https://good.example/'
const BAD = 'https://bad.example/'

interface Asked {
  readonly body: { url: string; field: string; code: string | null }
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** Somebody who refuses what leads to bad.example, unless told to answer otherwise. */
async function start(t: ExecutionContext, options: Partial<UrlCheckOptions> = {}) {
  const asked: Asked[] = []
  const mood: { answer: (url: string, response: http.ServerResponse) => void } = {
    answer: (url, response) => {
      const isBad = url.startsWith(BAD)
      response.end(
        JSON.stringify(isBad ? { allowed: false, reason: 'Phishing' } : { allowed: true }),
      )
    },
  }
  const server = http.createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const body = JSON.parse(text) as Asked['body']
      asked.push({ body, headers: request.headers, text })
      mood.answer(body.url, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check?token=of-the-checker`
  const warnings: string[] = []
  let now = 1_700_000_000_000
  const check = new UrlCheck({
    url,
    secret: SECRET,
    timeoutMs: 20_000,
    failsOpen: false,
    allowsPrivate: true,
    now: () => now as never,
    warn: (what) => warnings.push(what),
    ...options,
  })
  const gateway = await startGateway(t, {}, undefined, { blocking: { ...noBlocking(), check } })
  return { ...gateway, asked, mood, warnings, check, pass: (ms: number) => (now += ms) }
}

test('each target is asked about once, signed as webhooks are, before a link is made or changed', async (t) => {
  const { call, asked, links, log } = await start(t)
  const refused = await call('POST', '/api/links', { url: BAD, code: 'mine' })
  t.is(refused.status, 403)
  t.like(refused.json, { code: 'target_refused', field: 'url', detail: 'Phishing' })
  t.is(links.links.size, 0)
  const [{ body, headers, text }] = asked as [Asked]
  t.deepEqual(body, { url: BAD, field: 'url', code: 'mine' })
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers
  const expected = signedHeaders(SECRET, String(id), Number(at), text)
  t.is(signature, expected['webhook-signature'])
  t.is(
    (await call('POST', '/api/links', { url: GOOD, code: 'mine', expiredUrl: GOOD })).status,
    201,
  )
  t.is(asked.length, 2)
  t.like((await call('PATCH', '/api/links/mine', { expiredUrl: BAD })).json, {
    field: 'expiredUrl',
  })
  t.is((await call('PATCH', '/api/links/mine', { title: 'No URL' })).status, 200)
  t.is(asked.length, 3)
  t.false(log().includes('of-the-checker'))
})

test('of a bulk request and an import each link is judged by itself', async (t) => {
  const { call } = await start(t)
  const items = [{ url: GOOD }, { url: BAD }, { url: 'nonsense' }]
  const past = { url: BAD, code: 'past', createdAt: '2020-01-01T00:00:00Z' }
  const { results } = (await call('POST', '/api/links/bulk', { links: [...items, past] })).json
  t.deepEqual(
    results.map(({ status, error }) => [status, error?.code, error?.field]),
    [
      [201, undefined, undefined],
      [403, 'target_refused', 'links[1].url'],
      [400, 'invalid_field', 'links[2].url'],
      [403, 'target_refused', 'links[3].url'],
    ],
  )
})

test('more links than may be asked about at a time all get their answer', async (t) => {
  const { call, mood, asked } = await start(t)
  let underWay = 0
  let most = 0
  const { answer } = mood
  mood.answer = (url, response) => {
    most = Math.max(most, ++underWay)
    setImmediate(() => {
      underWay--
      answer(url, response)
    })
  }
  const links = Array.from({ length: 100 }, (_, at) => ({ url: `https://h${at}.example/` }))
  const { results } = (await call('POST', '/api/links/bulk', { links })).json
  t.true(results.every(({ status }) => status === 201))
  t.is(asked.length, 100)
  t.true(most <= 32, `${most}`)
})

for (const failsOpen of [true, false]) {
  test(`who answers nonsense has failed, which is ${failsOpen ? 'open' : 'closed'}`, async (t) => {
    const { call, mood, asked, warnings, pass, check } = await start(t, { failsOpen })
    const answers = ['', '{}', '{"allowed":"yes"}', 'null', '[]']
    mood.answer = (_, response) => response.end(answers[asked.length % answers.length])
    const expected = failsOpen ? 201 : 503
    const make = async () => (await call('POST', '/api/links', { url: GOOD, reuse: false })).status
    for (let time = 0; time < 7; time++) t.is(await make(), expected)
    t.is(asked.length, 5, 'then nobody is asked for a while')
    t.is(warnings.length, 1)
    t.false(warnings.join().includes('token'))
    mood.answer = (_, response) => response.end('{"allowed":true}')
    t.is(await make(), expected)
    pass(5_000)
    t.is(await make(), 201)
    t.is(warnings.length, 2)
    t.deepEqual(check.counts, { answered: 1, refused: 0, failed: 8 })
  })
}

test('who hangs is waited for as long as it may be, and a private address is not asked', async (t) => {
  const { check, mood } = await start(t, { timeoutMs: 50 })
  mood.answer = () => {}
  await t.throwsAsync(check.assertAllowed({ url: GOOD }, undefined), {
    message: /cannot be checked/,
  })
  const other = await start(t, { allowsPrivate: false })
  await t.throwsAsync(other.check.assertAllowed({ url: GOOD }, undefined), {
    message: /cannot be checked/,
  })
  t.is(other.asked.length, 0)
})
