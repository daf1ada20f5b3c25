/**
 * Attacks by clients that ask much and take nothing, or little, or nothing in whole.
 *
 * Each is bounded: a number of connections, of bytes and of seconds. What they show is judged by who
 * calls them.
 */
import type { Socket } from 'node:net'
import { pause } from '../deadline.ts'
import type { Victim } from './victim.ts'

export interface FloodOptions {
  readonly connections: number
  readonly ms: number
}

const PACKET_BYTES = 64 * 1024

/** Connections that send the request over and over, 64 KB at a time, and read nothing. */
export async function neverRead(
  victim: Victim,
  request: string,
  { connections, ms }: FloodOptions,
): Promise<void> {
  const packet = request.repeat(Math.max(1, Math.floor(PACKET_BYTES / request.length)))
  const clients = await open(victim, connections)
  await forMs(ms, () => {
    for (const client of clients) {
      if (client.writable && !client.writableNeedDrain) client.write(packet)
    }
  })
}

/** The same, but each reads a few bytes now and then. */
export async function readSlowly(
  victim: Victim,
  request: string,
  { connections, ms }: FloodOptions,
): Promise<void> {
  const clients = await open(victim, connections)
  for (const client of clients) client.pause()
  await forMs(ms, () => {
    for (const client of clients) {
      if (client.writable && !client.writableNeedDrain) client.write(request.repeat(10))
      client.read(64)
    }
  })
}

/** Heads that come a byte at a time. */
export async function writeSlowly(
  victim: Victim,
  { connections, ms }: FloodOptions,
): Promise<void> {
  const text = `GET /stander HTTP/1.1\r\nHost: a\r\nX-Slow: ${'a'.repeat(10_000)}`
  const clients = await open(victim, connections)
  let at = 0
  await forMs(ms, () => {
    for (const client of clients) if (client.writable) client.write(text[at % text.length]!)
    at++
  })
}

/** Connections that are opened and left, as fast as it goes. */
export async function openOnly(victim: Victim, { connections, ms }: FloodOptions): Promise<void> {
  const clients = await open(victim, connections)
  for (const client of clients) if (client.writable) client.end('GET /stander')
  await pause(ms)
}

/** Connections that ask much at once and end their side, again and again. */
export async function halfClosed(victim: Victim, { connections, ms }: FloodOptions): Promise<void> {
  const asked = ['/stander', '/nonesuch', '/openapi.json']
  const packet = asked
    .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    .join('')
    .repeat(50)
  await forMs(ms, async () => {
    const clients = await open(victim, connections)
    for (const client of clients) if (client.writable) client.end(packet)
    await pause(100)
    for (const client of clients) client.destroy()
  })
}

/** Connections that follow a link once, as honest clients do, and stay. */
export async function crowd(victim: Victim, { connections, ms }: FloodOptions): Promise<void> {
  for (const client of await open(victim, connections)) {
    client.resume()
    client.write('GET /stander HTTP/1.1\r\nHost: a\r\n\r\n')
  }
  await pause(ms)
}

/** Bytes that are no HTTP, heads and bodies past every limit. */
export async function junk(victim: Victim, { connections, ms }: FloodOptions): Promise<void> {
  const texts = [
    '\0\x01\x02\xff'.repeat(1_000),
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(20_000)}\r\n`,
    `POST /api/links HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${victim.key}\r\nContent-Length: 999999999\r\n\r\n`,
    `POST /api/links HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${victim.key}\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n`,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ]
  await forMs(ms, async () => {
    const clients = await open(victim, connections)
    for (const [index, client] of clients.entries()) client.write(texts[index % texts.length]!)
    await pause(50)
    for (const client of clients) client.destroy()
  })
}

/** Calls, so many at a time, each read to its end. */
export async function ask(
  requests: readonly (() => Promise<Response>)[],
  { connections, ms }: FloodOptions,
): Promise<void> {
  const until = performance.now() + ms
  let next = 0
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const answer = await requests[next++ % requests.length]!().catch(() => undefined)
      await answer?.arrayBuffer().catch(() => undefined)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
}

function open(victim: Victim, connections: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: connections }, () => victim.client()))
}

async function forMs(ms: number, act: () => void | Promise<void>): Promise<void> {
  for (const until = performance.now() + ms; performance.now() < until; await pause(10)) {
    await act()
  }
}
