/**
 * Gateways with the fast path in front, and clients that know no HTTP; for the fast path's tests.
 *
 * `exchange` sends bytes, piece by piece, ends its side, and returns every byte that came back until
 * the server closed. The servers run in the test's own process, so it can see that a piece was read
 * before it sends the next. One exchange at a time.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { URL_BYTES_MAX, type Link, type Lookup } from '../../links/link.ts'
import type { Found, NodeStatus } from '../../links/link-owner.ts'
import { NOBODYS_HASH } from '../../links/testing/any-options.ts'
import { SHORT_RULES } from '../../links/testing/sample-rules.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { FakeLinks } from './fake-links.ts'
import { type FastPath, installFastPath } from '../fast-path/fast-path.ts'
import type { FastPathCounters, FastPathOptions } from '../fast-path/fast-path-options.ts'
import { GATEWAY_DEFAULTS, type GatewaySettings } from '../gateway-settings.ts'
import { CONNECTION_REQUESTS_MAX } from '../http/connection-bounds.ts'
import type { GatewayOptions } from '../gateway-options.ts'
import { createGateway } from '../gateway.ts'

export const KEY = 'a-key-for-tests-0123456789'
export const NOW = Date.UTC(2030, 0, 1) as EpochMs
const LATER = (NOW + 86_400_000) as EpochMs

/** Turns of the event loop without an answer, after which none is under way. */
const QUIET_TURNS = 10

export interface FastServer {
  readonly server: Server
  readonly fastPath: FastPath
  readonly counters: FastPathCounters
  readonly stop: () => Promise<unknown>
}

/** The code `broken` cannot be looked up at all. */
class BrittleLinks extends FakeLinks {
  override lookup(code: Code, now: EpochMs): Lookup {
    if (code === 'broken') throw new Error('the look-up fails')
    return super.lookup(code, now)
  }

  override async find(code: Code): Promise<Found> {
    if (code === 'broken') throw new Error('the look-up fails')
    return super.find(code)
  }
}

const links = new BrittleLinks(() => NOW)
addLink('abc', 'https://example.com/a')
addLink('b', 'https://example.com/b?c=%20#d')
addLink('long-code_0', `https://example.com/${'p'.repeat(4_000)}`)
addLink('longest', 'https://example.com/'.padEnd(URL_BYTES_MAX, 'p'))
addLink('mail', 'mailto:a@example.com?subject=%C3%A4%20b')
addLink('kept', 'https://example.com/?c=1', { forwardQuery: false })
addLink('mine', 'https://example.com/?c=1#d', { forwardQuery: 'override', redirectStatus: 307 })
addLink('moved', 'https://example.com/moved', { redirectStatus: 301 })
addLink('other', 'https://example.com/other', { redirectStatus: 307 })
addLink('ending', 'https://example.com/ending', { redirectStatus: 308, expiresAt: LATER })
addLink('early', 'https://example.com/early', { validFrom: LATER })
addLink('over', 'https://example.com/page', {
  expiresAt: NOW,
  expiredUrl: 'https://example.com/over',
})
addLink('expired', 'https://example.com/', { expiresAt: NOW })
addLink('used', 'https://example.com/', { maxVisits: 1, visits: 1 })
addLink('gone', 'https://example.com/', { lifecycle: 'deleted' })
addLink('metered', 'https://example.com/', { maxVisits: 1_000_000 })
addLink('ruled', 'https://example.com/', { rules: SHORT_RULES[0]! })
addLink('locked', 'https://example.com/', { passwordHash: NOBODYS_HASH })
addLink('unknown', 'https://example.com/')
addLink('go.example/abc', 'https://example.com/elsewhere')
addLink('go.example/elsewhere', 'https://example.com/elsewhere?a=1')
addLink('unsafe', 'https://example.com/\r\nSet-Cookie: a')
links.evicted.add('unknown' as Code)

function addLink(code: string, url: string, changes: Partial<Link> = {}): void {
  const times = { createdAt: NOW, updatedAt: NOW, expiresAt: null }
  const limits = { maxVisits: null, visits: 0, isAlias: true, lifecycle: 'live' } as const
  const link = { code: code as Code, url, title: null, tags: [], ...times, ...limits, ...changes }
  links.links.set(link.code, link)
}

/** A gateway over these links that does not listen yet. */
export function makeGateway(
  settings: Partial<GatewaySettings> = {},
  options: Partial<Pick<GatewayOptions, 'blocking' | 'clicks' | 'now'>> = {},
): Promise<FastifyInstance> {
  return createGateway({
    settings: { ...GATEWAY_DEFAULTS, ...settings },
    owner: links,
    directory: links,
    work: freeWork(),
    apiKey: KEY,
    status: () => ({}) as NodeStatus,
    clusterStatus: async () => ({}) as ClusterStatus,
    logger: pino({ level: 'silent' }),
    now: () => NOW,
    ...options,
  })
}

/** One whose parsers get their bytes through the socket's `data` event always. */
export async function makeEventfulGateway(): Promise<FastifyInstance> {
  const app = await makeGateway()
  // After Node's own listener: a listener for `data` keeps its parser off the socket's handle.
  app.server.on('connection', (socket) => socket.on('data', () => {}))
  return app
}

export function lookup(code: Code): Lookup {
  return links.lookup(code, NOW)
}

export function find(code: Code): Promise<Found> {
  return links.find(code)
}

/** Listens with the fast path in front of `app`. */
export async function startFast(
  app: FastifyInstance,
  options: Partial<FastPathOptions> = {},
): Promise<FastServer> {
  const { server } = app
  const counters = { fast: 0, gone: 0, absent: 0 }
  const fastPath = installFastPath(server, {
    lookup,
    counters,
    forwardQuery: true,
    redirectStatus: 302,
    hasFallback: false,
    ...options,
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const stop = () => Promise.all([fastPath.close(), app.close()])
  return { server, fastPath, counters, stop }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

export async function open(server: Server): Promise<Socket> {
  const socket = connect({ port: portOf(server), host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** Everything that a socket receives until it is closed; a reset ends it like a close. */
export async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString('latin1')
}

/**
 * What `server` answers to the pieces, read one by one, until it closes. Dates and ids are left out. The
 * client ends its side when `settled` resolves, since a server drops what it answers after that.
 */
export async function exchange(
  server: Server,
  pieces: readonly string[],
  settled?: () => Promise<void>,
): Promise<string> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = await open(server)
  const [peer] = await accepted
  const answer = received(socket)
  let sent = 0
  for (const piece of pieces) {
    // More bytes would be answered by a reset, which takes replies away that are not read yet.
    if (peer.destroyed) break
    socket.write(piece, 'latin1')
    sent += piece.length
    while (peer.bytesRead < sent && !peer.destroyed) await setImmediate()
  }
  await settled?.()
  if (pieces.join('').split('\r\n\r\n').length > CONNECTION_REQUESTS_MAX) await untilQuiet(peer)
  socket.end()
  // The page of a link names the server's own address where the client named none that can be one.
  return withoutChance(await answer).replaceAll(`localhost:${portOf(server)}`, 'localhost:-')
}

/** A server may begin in later turns what came with too many others. */
async function untilQuiet(peer: Socket): Promise<void> {
  let written = peer.bytesWritten
  for (let quiet = 0; quiet < QUIET_TURNS && !peer.destroyed; quiet++) {
    await setImmediate()
    if (peer.bytesWritten !== written) quiet = 0
    written = peer.bytesWritten
  }
}

function withoutChance(answer: string): string {
  return answer
    .replaceAll(/\r\nDate: [^\r]+/gi, '\r\nDate: -')
    .replaceAll(/\r\nx-request-id: [^\r]+/gi, '\r\nx-request-id: -')
}
