/** Whether the open loop tells the truth about a server that stalls, errs or goes away. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { runOpenLoop, type Stream } from './open-loop.ts'
import { getText, locationOf, RawConnection, type Reply } from './raw-connection.ts'

async function serve(t: ExecutionContext, listener: RequestListener): Promise<[number, Server]> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return [(server.address() as AddressInfo).port, server]
}

function stream(perSecond: number): Stream {
  return {
    name: 'visits',
    perSecond,
    request: (index) => getText(`/${index}`),
    isCorrect: (reply, index) => locationOf(reply) === `https://example.com/${index}`,
  }
}

const redirect: RequestListener = ({ url }, response) => {
  response.writeHead(302, { location: `https://example.com${url}`, 'content-length': 0 }).end()
}

test('every request that is due is sent and its answer checked', async (t) => {
  const [port] = await serve(t, (request, response) => {
    if (request.url === '/7') request.url = '/8'
    redirect(request, response)
  })
  const [result] = await runOpenLoop(port, 0.5, [stream(200)])
  t.is(result!.requests, 100)
  t.is(result!.correct, 99)
  t.is(result!.wrong, 1)
  t.is(result!.unanswered, 0)
})

test('a stall makes all late that were due during it, not just those under way', async (t) => {
  const stallMs = 400
  let stalled: Promise<void> | undefined
  const [port] = await serve(t, (request, response) => {
    if (request.url === '/100') stalled = sleep(stallMs)
    void (stalled ?? Promise.resolve()).then(() => redirect(request, response))
  })
  const [result] = await runOpenLoop(port, 1, [stream(1000)])
  t.is(result!.correct, 1000)
  t.true(result!.maxMs >= stallMs * 0.9, `max ${result!.maxMs}`)
  // 300 are due so early in the stall that they are past the 100 ms when it ends.
  t.true(result!.correctInTime <= 750, `in time ${result!.correctInTime}`)
})

test('servers share the requests, and one that refuses is not taken for one that errs', async (t) => {
  const [right] = await serve(t, redirect)
  const [busy] = await serve(t, (_, response) => {
    response.writeHead(503, { 'content-length': 0 }).end()
  })
  const [result] = await runOpenLoop([right, busy], 0.5, [stream(200)])
  const { correct, refused, wrong, failed } = result!
  // 100 requests find 128 connections free, which lead to the one and the other in turn.
  t.deepEqual([correct, refused], [50, 50])
  t.deepEqual([wrong, failed], [0, refused])
})

test('a run that is stopped counts what was sent', async (t) => {
  const [port] = await serve(t, redirect)
  const stop = AbortSignal.timeout(200)
  const [result] = await runOpenLoop(port, 60, [stream(100)], stop)
  t.true(result!.requests < 1000)
  t.is(result!.correct, result!.requests)
})

test('a server that hangs up leaves requests unanswered, and the next connect anew', async (t) => {
  const [port] = await serve(t, (request, response) => {
    if (request.url === '/3') request.socket.destroy()
    else redirect(request, response)
  })
  const [result] = await runOpenLoop(port, 0.2, [stream(100)])
  t.is(result!.unanswered, 1)
  t.is(result!.correct, 19)
  t.true(result!.maxMs >= 9_000, 'an answer that never came counts as the longest wait')
})

test('an answer of unknown length is none', async (t) => {
  const [port] = await serve(t, (_request, response) => response.end('abc'))
  const connection = new RawConnection(port)
  const reply = await new Promise<Reply | undefined>((resolve) => {
    connection.send('GET / HTTP/1.0\r\n\r\n', resolve)
  })
  t.is(reply, undefined)
  connection.close()
})

test('an answer in pieces is put together', async (t) => {
  const [port] = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 6 })
    response.write('abc')
    setImmediate(() => response.end('def'))
  })
  const connection = new RawConnection(port)
  const reply = await new Promise<Reply | undefined>((resolve) => {
    connection.send(getText('/'), resolve)
  })
  t.is(reply?.status, 200)
  t.is(reply?.body, 'abcdef')
  connection.close()
})
