/** The route of backups: bytes as they are, one at a time, and nothing where nothing makes one. */
import { Readable } from 'node:stream'
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { atRest } from '../testing/at-rest.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const PIECE_BYTES = 64 * 1024
/** In buffers of sockets and streams, on both sides. */
const HELD_BYTES_MAX = 32 * 2 ** 20

const backup = () => Promise.reject(new TinygridError('store_unavailable'))

test('a backup is sent as it is made, one at a time', async (t) => {
  const open: Readable[] = []
  const begun = async () => {
    const stream = new Readable({ read() {} })
    open.push(stream)
    return stream as AsyncIterable<Uint8Array>
  }
  const gateway = await startGateway(t, {}, freeWork(), { backup: begun })
  const port = await gateway.listen()
  const url = `http://127.0.0.1:${port}/api/backup`
  const headers = { 'x-api-key': KEY }
  const asked = fetch(url, { headers })
  while (open.length === 0) await new Promise(setImmediate)
  const second = await fetch(url, { headers })
  t.is(second.status, 503)
  t.regex(await second.text(), /overloaded/)
  open[0]!.push(Buffer.from([1, 2, 255]))
  open[0]!.push(null)
  const response = await asked
  t.is(response.headers.get('content-type'), 'application/octet-stream')
  t.deepEqual([...new Uint8Array(await response.arrayBuffer())], [1, 2, 255])
})

test('one that goes on is told when its client goes, or the server, and keeps no other away', async (t) => {
  const begun: (AbortSignal | undefined)[] = []
  const follow = async (until?: AbortSignal) => {
    begun.push(until)
    return (async function* () {
      yield Buffer.from('begun')
      if (until === undefined || until.aborted) return
      await new Promise((resolve) => until.addEventListener('abort', resolve))
      yield Buffer.from(' and ended')
    })()
  }
  const gateway = await startGateway(t, {}, freeWork(), { backup: follow })
  const url = `http://127.0.0.1:${await gateway.listen()}/api/backup`
  const headers = { 'x-api-key': KEY }
  const gone = new AbortController()
  const first = await fetch(`${url}?follow=true`, { headers, signal: gone.signal })
  t.is((await fetch(`${url}?follow=true`, { headers })).status, 503)
  t.is(await (await fetch(url, { headers })).text(), 'begun')
  while (gateway.work.numbers().requests > 0) await new Promise(setImmediate)
  const firstText = first.text()
  gone.abort()
  await t.throwsAsync(firstText)
  while (!begun[0]!.aborted) await new Promise(setImmediate)
  let again = await fetch(`${url}?follow=true`, { headers })
  while (again.status === 503) again = await fetch(`${url}?follow=true`, { headers })
  const text = again.text()
  await gateway.app.close()
  t.is(await text, 'begun and ended')
})

test('what cannot begin is an error, and keeps no other from it', async (t) => {
  const gateway = await startGateway(t, {}, freeWork(), { backup })
  for (let n = 0; n < 2; n++) t.is((await gateway.call('GET', '/api/backup')).status, 503)
  t.regex((await gateway.call('GET', '/api/backup')).text, /store_unavailable/)
  const none = await startGateway(t)
  t.is((await none.call('GET', '/api/backup')).status, 503)
  t.is((await none.call('GET', '/api/backup', undefined, { 'x-api-key': '' })).status, 401)
})

test('who stops reading is sent nothing more, and nothing is gathered for him', async (t) => {
  const source = { made: 0 }
  const endless = async function* () {
    for (; ; source.made++) yield Buffer.alloc(PIECE_BYTES)
  }
  const gateway = await startGateway(t, {}, freeWork(), { backup: async () => endless() })
  const url = `http://127.0.0.1:${await gateway.listen()}/api/backup`
  const over = new AbortController()
  const response = await fetch(url, { headers: { 'x-api-key': KEY }, signal: over.signal })
  const reader = response.body!.getReader()
  await reader.read()
  t.true((await atRest(() => source.made)) * PIECE_BYTES < HELD_BYTES_MAX, `${source.made} pieces`)
  const before = source.made
  while (source.made === before) await reader.read()
  over.abort()
})
