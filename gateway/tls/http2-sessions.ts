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
 * - TURN_REQUESTS_MAX requests of all connections in a turn of the event loop, the rest wait for the next;
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
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { GatewaySettings } from '../gateway-settings.ts'
import { TurnBudget } from '../http/turn-budget.ts'
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
    for (const { socket, answers } of this.#sessions.values()) {
      yield [socket, unreadOf(socket, answers)]
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
    const connection = { socket: this.#incoming!, answers: new Set<Http2ServerResponse>() }
    this.#sessions.set(session, { ...connection, deadline, written: 0, hasStoodSince: 0 })
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
    session.on('error', () => session.destroy())
    session.once('close', () => {
      this.#sessions.delete(session)
      if (this.#sessions.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  #ask(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { stream } = request
    const connection = this.#sessions.get(stream.session as ServerHttp2Session)
    const { requestsMax } = this.#settings
    if (connection === undefined || !nameHost(request))
      return stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    if (this.#requests >= requestsMax && connection.answers.size > 0) {
      return stream.close(constants.NGHTTP2_REFUSED_STREAM)
    }
    this.#count(connection, response, stream)
    this.#limitBody(request)
    const goOn = () => {
      if (stream.destroyed) return
      // What reads them asks for what both kinds have; types of one do not say so of the other.
      const [asked, answer] = [request, response] as unknown as [IncomingMessage, ServerResponse]
      this.#server.emit('request', asked, answer)
    }
    if (this.#turn.take()) goOn()
    else this.#turn.wait({ goOn })
  }

  #count(
    connection: Connection,
    response: Http2ServerResponse,
    stream: Http2ServerRequest['stream'],
  ): void {
    this.#requests++
    connection.answers.add(response)
    stream.once('close', () => {
      this.#requests--
      connection.answers.delete(response)
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
      const { socket, answers } = connection
      if (answers.size === 0 && now > connection.deadline) {
        // A client that says nothing does not take the goodbye either.
        if (session.closed) socket.destroy()
        else session.close()
        continue
      }
      const { bytesWritten } = socket
      if (bytesWritten !== connection.written || unreadOf(socket, answers) === 0) {
        connection.written = bytesWritten
        connection.hasStoodSince = now
      } else if (now - connection.hasStoodSince > this.#settings.unreadTimeoutMs) socket.destroy()
    }
  }
}

interface Connection {
  readonly socket: TLSSocket
  /** Those that are not with the client. */
  readonly answers: Set<Http2ServerResponse>
  /** Until when it must ask something, while nothing is under way; of `performance.now()`. */
  deadline: number
  /** What the client had taken when it was looked at last, and since when it takes no more. */
  written: number
  hasStoodSince: number
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

function unreadOf(socket: TLSSocket, answers: ReadonlySet<Http2ServerResponse>): number {
  let bytes = socket.writableLength
  for (const { stream } of answers) bytes += stream?.writableLength ?? 0
  return bytes
}
