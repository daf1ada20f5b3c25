/**
 * HTTP/2, for clients that ask for it in their handshake: its requests go the way of all others.
 *
 * Made by the gateway in front of an HTTPS server's own listener. Each request is given to the server's
 * `request` event, so that routes, redirects and errors are the same code as with HTTP/1; the fast path has
 * no part in it. What a client can make the process hold or do is bounded:
 *
 * - of a connection, STREAMS_MAX requests at a time; of all, `requestsMax`, beyond which each has one;
 * - 64 KB of bodies that were not read, and heads of `headerBytesMax`;
 * - resets of its own requests, STREAM_RESETS at once and as many a second as one may follow links; beyond
 *   that, and beyond what the library allows of settings, pings and empty frames, it is sent away;
 * - TURN_REQUESTS_MAX requests of all connections in a turn of the event loop; the rest wait as streams alone, from
 *   which the library has made nothing yet, and connections take turns. What is taken back meanwhile is never begun;
 * - a body has `requestTimeoutMs`, a connection without requests `headersTimeoutMs` for its first and
 *   `keepAliveTimeoutMs` for another one, and one that takes nothing of its answers `unreadTimeoutMs`.
 *
 * Rejected: Node's server for both (`allowHTTP1`), whose time-outs for HTTP/1 are others than those of
 * the server without TLS.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { GatewaySettings } from '../gateway-settings.ts'
import { TurnBudget, type Waiter } from '../http/turn-budget.ts'
import { isHttp2, isTlsServer } from './tls-server.ts'

/** Requests of one connection at a time. */
export const STREAMS_MAX = 100
/** What a client may take back of what it asked, at once and then each second. */
const STREAM_RESETS = { atOnce: 200, perSecond: 20 }
/** Requests of all connections in one turn of the event loop. */
const TURN_REQUESTS_MAX = 64
const HEADERS_MAX = 100
/** Of the library, for one connection. */
const SESSION_MEGABYTES_MAX = 1
const TICK_MS = 1_000
/** How long a client may take for what is under way when the server stops. */
const CLOSE_MS_MAX = 5_000

export class Http2Sessions {
  readonly #settings: GatewaySettings
  readonly #server: Server
  readonly #turn = new TurnBudget(TURN_REQUESTS_MAX)
  readonly #sessions = new Map<ServerHttp2Session, Connection>()
  #requests = 0
  /** Whose session begins; the session itself lends it with a guard around it. */
  #incoming: TLSSocket | undefined
  #timer: NodeJS.Timeout | undefined

  /** undefined: the server speaks no TLS, and so no HTTP/2. */
  static of(server: Server, settings: GatewaySettings): Http2Sessions | undefined {
    return isTlsServer(server) ? new Http2Sessions(server, settings) : undefined
  }

  private constructor(server: Server, settings: GatewaySettings) {
    this.#server = server
    this.#settings = settings
    const http2 = createServer(limitsOf(settings))
    http2.on('session', (session) => this.#begin(session))
    http2.on('request', (request, response) => this.#ask(request, response))
    this.#standBefore(http2)
    const own = server.listeners('secureConnection')
    server.removeAllListeners('secureConnection')
    server.on('secureConnection', (socket: TLSSocket) => {
      if (isHttp2(socket)) {
        this.#incoming = socket
        http2.emit('connection', socket)
      } else for (const listener of own) listener.call(server, socket)
    })
    server.once('close', () => clearInterval(this.#timer))
  }

  /** What each client has not taken of its answers, in bytes. */
  *unread(): Generator<[TLSSocket, number]> {
    for (const connection of this.#sessions.values()) {
      yield [connection.socket, unreadOf(connection)]
    }
  }

  /** Answers what is under way, and ends; who takes too long is cut off. */
  close(): void {
    for (const session of this.#sessions.keys()) session.close()
    setTimeout(() => {
      for (const { socket } of this.#sessions.values()) socket.destroy()
    }, CLOSE_MS_MAX).unref()
  }

  #begin(session: ServerHttp2Session): void {
    const deadline = performance.now() + this.#settings.headersTimeoutMs
    const connection = new Connection(this.#incoming!, this.#turn, deadline)
    this.#sessions.set(session, connection)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
    session.on('error', () => session.destroy())
    const end = () => {
      if (!this.#sessions.delete(session)) return
      this.#turn.leave(connection)
      if (this.#sessions.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    session.once('close', end)
    connection.socket.once('close', end)
  }

  /** The library makes a request and its answer of each stream at once, also of one that is taken back. */
  #standBefore(http2: Http2Server): void {
    const [make] = http2.listeners('stream') as [(...given: readonly unknown[]) => void]
    http2.removeAllListeners('stream')
    http2.on('stream', (stream, ...more) => {
      this.#arrive(stream as ServerHttp2Stream, () => make.call(http2, stream, ...more))
    })
  }

  #arrive(stream: ServerHttp2Stream, begin: () => void): void {
    stream.on('error', () => {})
    if (stream.destroyed || stream.closed) return
    const connection = this.#sessions.get(stream.session as ServerHttp2Session)
    if (connection === undefined) return stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    if (this.#requests >= this.#settings.requestsMax && connection.streams.size > 0) {
      return stream.close(constants.NGHTTP2_REFUSED_STREAM)
    }
    this.#count(connection, stream)
    if (connection.waiting.size === 0 && this.#turn.take()) begin()
    else connection.wait(stream, begin)
  }

  #ask(request: Http2ServerRequest, response: Http2ServerResponse): void {
    if (!nameHost(request)) return request.stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    this.#limitBody(request)
    // What reads them asks for what both kinds have; types of one do not say so of the other.
    const [asked, answer] = [request, response] as unknown as [IncomingMessage, ServerResponse]
    this.#server.emit('request', asked, answer)
  }

  #count(connection: Connection, stream: ServerHttp2Stream): void {
    this.#requests++
    connection.streams.add(stream)
    stream.once('close', () => {
      this.#requests--
      connection.end(stream)
      connection.deadline = performance.now() + this.#settings.keepAliveTimeoutMs
    })
  }

  #limitBody(request: Http2ServerRequest): void {
    const { stream } = request
    if (stream.endAfterHeaders) return
    const timer = setTimeout(() => {
      if (!request.complete) stream.close(constants.NGHTTP2_CANCEL)
    }, this.#settings.requestTimeoutMs).unref()
    stream.once('close', () => clearTimeout(timer))
  }

  #tick(): void {
    const now = performance.now()
    for (const [session, connection] of this.#sessions) {
      const { socket, streams } = connection
      // One that failed takes its socket along, but for some, whose socket the library never lets go.
      if (session.destroyed) {
        socket.destroy()
        continue
      }
      if (streams.size === 0 && now > connection.deadline) {
        // A client that says nothing does not take the goodbye either.
        if (session.closed) socket.destroy()
        else session.close()
        continue
      }
      const { bytesWritten } = socket
      if (bytesWritten !== connection.written || unreadOf(connection) === 0) {
        connection.written = bytesWritten
        connection.hasStoodSince = now
      } else if (now - connection.hasStoodSince > this.#settings.unreadTimeoutMs) socket.destroy()
    }
  }
}

/** One client: what it has asked, and what of it waits for a turn. */
class Connection implements Waiter {
  readonly socket: TLSSocket
  /** Those that it has begun, until they are over. */
  readonly streams = new Set<ServerHttp2Stream>()
  /** Invariant: of `streams`, those that wait; the longest first. */
  readonly waiting = new Map<ServerHttp2Stream, () => void>()
  /** Until when it must ask something, while nothing is under way; of `performance.now()`. */
  deadline: number
  /** What the client had taken when it was looked at last, and since when it takes no more. */
  written = 0
  hasStoodSince = 0
  readonly #turn: TurnBudget

  constructor(socket: TLSSocket, turn: TurnBudget, deadline: number) {
    this.socket = socket
    this.#turn = turn
    this.deadline = deadline
  }

  wait(stream: ServerHttp2Stream, begin: () => void): void {
    this.waiting.set(stream, begin)
    this.#turn.wait(this)
  }

  /** The first that waits: others get theirs before the next. */
  goOn(): void {
    const [first] = this.waiting
    if (first === undefined) return
    const [stream, begin] = first
    this.waiting.delete(stream)
    if (this.waiting.size > 0) this.#turn.wait(this)
    begin()
  }

  end(stream: ServerHttp2Stream): void {
    this.streams.delete(stream)
    this.waiting.delete(stream)
  }
}

function limitsOf({ headerBytesMax }: GatewaySettings) {
  return {
    maxSessionMemory: SESSION_MEGABYTES_MAX,
    maxHeaderListPairs: HEADERS_MAX,
    streamResetBurst: STREAM_RESETS.atOnce,
    streamResetRate: STREAM_RESETS.perSecond,
    settings: {
      enablePush: false,
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: headerBytesMax,
    },
  }
}

/**
 * With HTTP/2 the host is no header of its own. It is put where everybody looks for it; who names
 * two different ones is refused, as two lines are in HTTP/1.
 */
function nameHost({ headers, rawHeaders, authority }: Http2ServerRequest): boolean {
  if (headers.host !== undefined) return !authority || headers.host === authority
  if (!authority) return false
  headers.host = authority
  rawHeaders.push('host', authority)
  return true
}

function unreadOf({ socket, streams }: Connection): number {
  let bytes = socket.writableLength
  for (const stream of streams) bytes += stream.writableLength
  return bytes
}
