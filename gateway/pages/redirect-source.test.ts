/** Who has the key is told who answered; a visitor is not, and pays nothing for it. */
import test, { type ExecutionContext } from 'ava'
import type { Code } from '../../links/ids.ts'
import { SOURCES } from '../../links/link-owner.ts'
import { KEY, startGateway, talk } from '../testing/test-gateway.ts'

const KEYED = { 'x-api-key': KEY }

for (const source of SOURCES) {
  test(`an answer by ${source} says so`, async (t) => {
    const { add, call, links } = await startGateway(t)
    const { url } = add({ code: 'abc1234' })
    links.find = async () => ({ lookup: { kind: 'redirect', url }, source })
    for (const method of ['GET', 'HEAD'] as const) {
      const { status, headers } = await call(method, '/abc1234', undefined, KEYED)
      t.is(status, 302)
      t.is(headers['location'], url)
      t.is(headers['x-tinygrid-source'], source)
    }
  })
}

test('the key may come as a bearer', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  const reply = await call('GET', '/abc1234', undefined, { authorization: `Bearer ${KEY}` })
  t.is(reply.headers['x-tinygrid-source'], 'owner')
})

test('pages say it too', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'deleted', lifecycle: 'deleted' })
  add({ code: 'metered', maxVisits: 1 })
  for (const [code, status] of [
    ['nothing', 404],
    ['deleted', 410],
    ['metered', 302],
    ['metered', 410],
  ] as const) {
    const reply = await call('GET', `/${code}`, undefined, KEYED)
    t.is(reply.status, status)
    t.is(reply.headers['x-tinygrid-source'], 'owner', `${code}: ${status}`)
  }
})

test('visitors and wrong keys are answered the same, without it', async (t) => {
  const { add, call, redirects } = await startGateway(t, { wrongKeysPerMinuteMax: 2 })
  add({ code: 'abc1234' })
  for (const headers of [{}, { 'x-api-key': 'wrong' }, { authorization: 'Basic YTpi' }] as const) {
    const reply = await call('GET', '/abc1234', undefined, headers)
    t.is(reply.status, 302)
    t.false('x-tinygrid-source' in reply.headers)
  }
  t.is(redirects.found, 3)
})

test('keys cannot be guessed here at full speed either', async (t) => {
  const { add, call } = await startGateway(t, { wrongKeysPerMinuteMax: 2 })
  add({ code: 'abc1234' })
  for (let n = 0; n < 2; n++) await call('GET', '/abc1234', undefined, { 'x-api-key': `no${n}` })
  const reply = await call('GET', '/abc1234', undefined, KEYED)
  t.is(reply.status, 302)
  t.false('x-tinygrid-source' in reply.headers)
  t.is((await call('GET', '/api/links')).status, 429)
})

test('a redirect that must be asked for is answered without a route, in order', async (t) => {
  const { add, links, redirects, listen } = await startGateway(t)
  add({ code: 'away', url: 'https://example.com/1' })
  add({ code: 'here', url: 'https://example.com/2' })
  links.evicted.add('away' as Code)
  const answer = await talk(
    await listen(),
    request('/away') + request('/here', 'Connection: close'),
  )
  const locations = [...answer.matchAll(/Location: (\S+)/g)].map((match) => match[1])
  t.deepEqual(locations, ['https://example.com/1', 'https://example.com/2'])
  t.like(redirects, { late: 1, found: 1 })
})

test('a key is seen before anything is answered, however it is spelt', async (t) => {
  const { add, listen } = await startGateway(t)
  add({ code: 'here' })
  const port = await listen()
  for (const header of [`x-api-key: ${KEY}`, `X-API-KEY: ${KEY}`, `AUTHORIZATION: bearer ${KEY}`]) {
    const answer = await talk(port, request('/here', header, 'Connection: close'))
    t.regex(answer, /^HTTP\/1.1 302 Found[^]*X-Tinygrid-Source: owner/, header)
  }
})

test('what is no redirect after all has its page, and a key its source', async (t) => {
  const { links, listen } = await startGateway(t)
  links.evicted.add('nothing' as Code)
  const port = await listen()
  await expectPage(t, port, request('/nothing', 'Connection: close'))
  const keyed = request('/nothing', `X-API-KEY: ${KEY}`, 'Connection: close')
  t.regex(await expectPage(t, port, keyed), /x-tinygrid-source: owner/i)
})

test('an answer that cannot be had is an error with its page', async (t) => {
  const { links, redirects, listen } = await startGateway(t)
  links.evicted.add('away' as Code)
  links.failure = new Error('away')
  const answer = await talk(await listen(), request('/away', 'Connection: close'))
  t.regex(answer, /^HTTP\/1.1 500 /)
  t.is(redirects.failed, 1)
})

async function expectPage(t: ExecutionContext, port: number, text: string): Promise<string> {
  const answer = await talk(port, text)
  t.regex(answer, /^HTTP\/1.1 404 [^]*There is no such link/)
  return answer
}

function request(path: string, ...headers: string[]): string {
  return `GET ${path} HTTP/1.1\r\n${['Host: a', ...headers].join('\r\n')}\r\n\r\n`
}
