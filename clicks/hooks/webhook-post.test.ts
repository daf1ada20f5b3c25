/** What comes of a message that is sent to receivers of all kinds. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { post } from './webhook-post.ts'

const ALLOWED = { allowsPrivate: true }

test('a receiver that takes it has the body and the headers', async (t) => {
  let got: { body: string; headers: http.IncomingHttpHeaders } | undefined
  const url = await receiver(t, (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      got = { body, headers: request.headers }
      response.writeHead(204).end()
    })
  })
  const outcome = await post(url, { 'webhook-id': 'x' }, '{"ä":1}', ALLOWED)
  t.deepEqual(outcome, { kind: 'delivered', status: 204 })
  t.is(got?.body, '{"ä":1}')
  t.is(got?.headers['webhook-id'], 'x')
  t.is(got?.headers['content-type'], 'application/json')
})

test('a receiver that fails is told with its status', async (t) => {
  const url = await receiver(t, (_, response) => response.writeHead(500).end('no'))
  const outcome = await post(url, {}, '{}', ALLOWED)
  t.like(outcome, { kind: 'failed', status: 500 })
})

test('a receiver that hangs is waited for as long as it may be', async (t) => {
  const url = await receiver(t, () => {})
  const outcome = await post(url, {}, '{}', { ...ALLOWED, timeoutMs: 50 })
  t.deepEqual(outcome, { kind: 'failed', reason: 'no answer within 50 ms' })
})

test('a receiver that begins its answer and hangs is not waited for longer', async (t) => {
  const url = await receiver(t, (_, response) => response.writeHead(200).write('a'))
  const outcome = await post(url, {}, '{}', { ...ALLOWED, timeoutMs: 50 })
  t.like(outcome, { kind: 'failed' })
})

test('of an endless answer little is read', async (t) => {
  const url = await receiver(t, (_, response) => {
    response.writeHead(200)
    const more = (error?: Error | null) => {
      if (!error) response.write('a'.repeat(16_384), more)
    }
    more()
  })
  t.deepEqual(await post(url, {}, '{}', ALLOWED), { kind: 'delivered', status: 200 })
})

test('a redirect is not followed', async (t) => {
  let isFollowed = false
  const secret = await receiver(t, (_, response) => {
    isFollowed = true
    response.end()
  })
  const url = await receiver(t, (_, response) => {
    response.writeHead(307, { location: secret }).end()
  })
  const outcome = await post(url, {}, '{}', ALLOWED)
  t.like(outcome, { kind: 'failed', status: 307 })
  t.false(isFollowed)
})

test('a receiver that is not there is told as such', async (t) => {
  const outcome = await post('http://127.0.0.1:1/', {}, '{}', ALLOWED)
  t.like(outcome, { kind: 'failed' })
})

for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '0x7f.1', '0']) {
  test(`${host} is not connected to unless it is allowed`, async (t) => {
    let isAsked = false
    const url = await receiver(t, (_, response) => {
      isAsked = true
      response.end()
    })
    const outcome = await post(url.replace('127.0.0.1', host), {}, '{}', { allowsPrivate: false })
    t.is(outcome.kind, 'failed')
    t.regex((outcome as { reason: string }).reason, /no public address/)
    t.false(isAsked)
  })
}

async function receiver(t: ExecutionContext, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}
