/**
 * Two servers that answer alike, one with the fast path in front; for its tests.
 *
 * `exchange` is a client that knows no HTTP: it sends bytes, piece by piece, ends its side, and
 * returns every byte that came back until the server closed. Both servers run in the test's own
 * process, so it can see that a piece was read before it sends the next. One exchange at a time.
 */
import { once } from 'node:events'
import type { Server, ServerOptions } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import type { Code } from '../cluster/ids.ts'
import { ABSENT, type Lookup, METERED, UNKNOWN } from '../cluster/link.ts'
import { type FastPath, type FastPathOptions, installFastPath } from './fast-path.ts'

export const CONNECTIONS_MAX = 1_000

export const LINKS: Readonly<Record<string, Lookup>> = {
  abc: { kind: 'redirect', url: 'https://example.com/a' },
  b: { kind: 'redirect', url: 'https://example.com/b?c=%20#d' },
  'long-code_0': { kind: 'redirect', url: `https://example.com/${'p'.repeat(4_000)}` },
  gone: { kind: 'gone', reason: 'deleted' },
  metered: METERED,
  unknown: UNKNOWN,
  unsafe: { kind: 'redirect', url: 'https://example.com/\r\nSet-Cookie: a' },
}

export interface FastServer {
  readonly server: Server
  readonly app: FastifyInstance
  readonly fastPath: FastPath
  readonly counters: { fast: number }
}

export function lookupIn(code: Code): Lookup {
  if (code === 'broken') throw new Error('the look-up fails')
  return LINKS[code] ?? ABSENT
}

/** A gateway in small: the redirect route as Fastify answers it, and Fastify's own pages. */
export function smallGateway(http: ServerOptions = {}): FastifyInstance {
  const app = fastify({ keepAliveTimeout: 5_000, http })
  app.route<{ Params: { code: string } }>({
    method: ['GET', 'HEAD'],
    url: '/:code',
    handler(request, reply) {
      const found = lookupIn(request.raw.url!.slice(1) as Code)
      if (found.kind !== 'redirect') return reply.callNotFound()
      reply.raw.writeHead(302, {
        Location: found.url,
        'Cache-Control': 'private, max-age=0',
        'Content-Length': '0',
      })
      return reply.raw.end()
    },
  })
  app.post('/echo', (request, reply) => reply.send(request.body))
  return app
}

/** Starts `app` with the fast path in front of it. */
export async function startFast(
  app: FastifyInstance,
  options: Partial<FastPathOptions> = {},
): Promise<FastServer> {
  const counters = { fast: 0 }
  await app.ready()
  const fastPath = installFastPath(app.server, {
    lookup: lookupIn,
    counters,
    connectionsMax: CONNECTIONS_MAX,
    ...options,
  })
  app.addHook('preClose', () => fastPath.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { server: app.server, app, fastPath, counters }
}

export function portOf(server: Server): number {
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

/** What `server` answers to the pieces, read one by one, until it closes. Dates are left out. */
export async function exchange(server: Server, pieces: readonly string[]): Promise<string> {
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
  socket.end()
  return withoutDates(await answer)
}

function withoutDates(answer: string): string {
  return answer.replaceAll(/\r\nDate: [^\r]+/gi, '\r\nDate: -')
}
