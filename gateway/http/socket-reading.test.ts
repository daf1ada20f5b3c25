/** Sockets that share a buffer, and what they are when they no longer read into it themselves. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { canReadInto, readAsStream, readInto, readOn } from '../http/socket-reading.ts'

/** A connection from a client to a server, both in this process. */
async function connection(t: ExecutionContext): Promise<{ client: Socket; accepted: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  return { client, accepted }
}

async function sendAll(client: Socket, accepted: Socket, text: string): Promise<void> {
  const goal = accepted.bytesRead + text.length
  client.write(text)
  while (accepted.bytesRead < goal) await setImmediate()
}

test('this Node can read sockets into a buffer', (t) => {
  t.true(canReadInto)
})

test('bytes come in the shared buffer, and no further while they are not wanted', async (t) => {
  const { client, accepted } = await connection(t)
  const seen: string[] = []
  readInto(accepted, Buffer.alloc(100), (length, buffer) => {
    seen.push(buffer.toString('latin1', 0, length))
    return seen.length !== 2
  })
  await sendAll(client, accepted, 'one')
  await sendAll(client, accepted, 'two')
  client.write('three')
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  t.deepEqual(seen, ['one', 'two'])
  readOn(accepted)
  while (seen.length < 3) await setImmediate()
  t.deepEqual(seen, ['one', 'two', 'three'])
})

test('an end comes as an event, after the bytes', async (t) => {
  const { client, accepted } = await connection(t)
  let seen = ''
  readInto(accepted, Buffer.alloc(100), (length, buffer) => {
    seen += buffer.toString('latin1', 0, length)
    return true
  })
  client.end('last words')
  await once(accepted, 'end')
  t.is(seen, 'last words')
})

test('a stream keeps its bytes when others read into the buffer', async (t) => {
  const buffer = Buffer.alloc(100)
  const first = await connection(t)
  const second = await connection(t)
  for (const { accepted } of [first, second]) readInto(accepted, buffer, () => true)
  readAsStream(first.accepted)
  await sendAll(first.client, first.accepted, 'mine')
  await sendAll(second.client, second.accepted, 'theirs')
  t.is(String(first.accepted.read()), 'mine')
})

test('a stream that nobody reads stops reading, and goes on when it is read', async (t) => {
  const { client, accepted } = await connection(t)
  readInto(accepted, Buffer.alloc(65_536), () => true)
  readAsStream(accepted)
  const text = 'x'.repeat(20_000_000)
  client.end(text)
  for (let turn = 0; turn < 100; turn++) await setImmediate()
  t.true(accepted.bytesRead < 1_000_000, `${accepted.bytesRead} bytes`)
  let length = 0
  for await (const chunk of accepted) length += (chunk as Buffer).length
  t.is(length, text.length)
})
