/** Events through a proxy that gathers what it passes on, and breaks down now and then. */
import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { sampleClick } from '../../clicks/testing/sample-batches.ts'
import type { Code } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { EventListener } from '../testing/event-listener.ts'
import { FakeClickLog } from '../testing/fake-click-log.ts'
import { startGateway } from '../testing/test-gateway.ts'

const BUFFER_BYTES = 16 * 1024

const click = (number: number) => sampleClick({ code: `c${number}` as Code })

test('a proxy that keeps small pieces back holds up nothing, and what it cuts is told once more', async (t) => {
  const log = new FakeClickLog()
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  const more = { clickLog: log, parser, clock: new ManualClock() }
  const proxy = await holdingProxy(t, await (await startGateway(t, {}, undefined, more)).listen())
  const told: string[] = []
  let lastId = ''
  let sent = 0
  for (let cuts = 0; cuts < 5; cuts++) {
    const listener = await EventListener.listen(
      proxy.port,
      '',
      lastId === '' ? {} : { 'last-event-id': lastId },
    )
    if (lastId === '') while ((await listener.block()) !== 'id: 0');
    for (let batch = 0; batch < 5; batch++) {
      log.append({ clicks: [click(sent++), click(sent++)] })
    }
    // An odd number: the next one begins amid a batch.
    for (const { id, data } of await listener.take(7)) {
      told.push(String(data['code']))
      lastId = id
    }
    proxy.cut()
    await t.throwsAsync(async () => {
      while ((await listener.block()) !== undefined);
    })
  }
  const last = await EventListener.listen(proxy.port, '', { 'last-event-id': lastId })
  while (told.length < sent) told.push(String((await last.next())!.data['code']))
  t.deepEqual(
    told,
    Array.from({ length: sent }, (_, number) => `c${number}`),
  )
  proxy.cut()
})

/**
 * A proxy as nginx is: it keeps an answer back until it has BUFFER_BYTES of it, unless the answer says that it
 * may not. `cut` ends all connections.
 */
async function holdingProxy(t: ExecutionContext, target: number) {
  const open = new Set<net.Socket>()
  const server = http.createServer((request, response) => {
    const { url, headers } = request
    const asked = http.get({ port: target, host: '127.0.0.1', path: url, headers }, (answer) => {
      const holds = answer.headers['x-accel-buffering'] !== 'no'
      response.writeHead(answer.statusCode!, answer.headers)
      let held: Buffer[] = []
      answer.on('data', (piece: Buffer) => {
        held.push(piece)
        if (holds && Buffer.concat(held).length < BUFFER_BYTES) return
        response.write(Buffer.concat(held))
        held = []
      })
      answer.on('end', () => response.end(Buffer.concat(held)))
      answer.on('error', () => response.destroy())
    })
    asked.on('error', () => response.destroy())
    response.on('close', () => asked.destroy())
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  t.teardown(() => {
    server.close()
    cut()
  })
  return { port: (server.address() as net.AddressInfo).port, cut }
}
