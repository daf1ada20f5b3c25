/**
 * The fast path: a small reader in front of the HTTP server that answers plain redirects by itself, and
 * says where there is no such link.
 *
 * The gateway installs it on Fastify's server, or does not: a setting decides, and the answers are
 * the same. Node's HTTP server spends most of a redirect on request and response objects that a
 * redirect does not need. So each new socket is read here first; at the first byte that is anything
 * but a plain redirect, socket and unread bytes go to the listeners that the server had before,
 * for good. They are the reference, and every limit that both know is read from the server.
 *
 * It guarantees: replies in order; no reply that the server would not have given; clients that
 * are slow or idle are cut off as the server would have done, within a tick; however many send
 * requests without end, others come in between. The server's bound on
 * connections holds for all of them. It does not parse what it hands over, and logs nothing.
 *
 * The server must listen by itself: Node enforces its time-outs for heads and requests only on a
 * server that has emitted `listening`. Rejected: a `net.Server` in front that emits `connection` on
 * the HTTP server, after which a slow client that was handed over stays for ever.
 */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ClickNotes } from '../../clicks/ring/click-ring.ts'
import { NO_BLOCKED_HOSTS, type BlockedHosts } from '../../links/blocked-hosts.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { METERED, type Lookup, type QueryForwarding } from '../../links/link.ts'
import type { Found } from '../../links/link-owner.ts'
import { FastPathConnection } from './fast-path-connection.ts'
import type { ConnectionHost } from './fast-path-host.ts'
import type { Expected } from './fast-path-line.ts'
import type { FastPathCounters, FastPathOptions } from './fast-path-options.ts'
import { endRedirect, findIn, type RedirectSpans } from '../http/redirect-spans.ts'
import { withQuery } from '../http/forwarded-query.ts'
import { canReadInto } from '../http/socket-reading.ts'
import { Refusals } from './fast-path-refusal.ts'
import { RedirectReply } from './fast-path-reply.ts'
import type { PrefixOf } from './fast-path-request.ts'
import { TurnBudget } from '../http/turn-budget.ts'
import { connectionEvent, isHttp2 } from '../tls/tls-server.ts'

export interface FastPath {
  /** The connections that were not handed over. */
  readonly connections: number
  /**
   * Ends idle connections, answers requests that are partly here and ends their connections too;
   * resolves when none is left. New connections go to the server, which should stop listening.
   */
  close(): Promise<void>
}

const TICK_MS = 1_000
/** How much is read from a socket at once. */
const READ_BYTES_MAX = 16_384
/**
 * Requests that are answered, or looked up, in one turn of the event loop, but for the first of each
 * packet: some tenths of a millisecond.
 */
export const TURN_REQUESTS_MAX = 256
/** How long a client may take for what is under way when the server stops. */
const CLOSE_TIMEOUT_MS = 5_000

/** Any answer that is never given here: what it is, the server finds out. */
const SERVER_ANSWERS = METERED

type ConnectionListener = (this: Server, socket: Socket) => void

export function installFastPath(server: Server, options: FastPathOptions): FastPath {
  const event = connectionEvent(server)
  const listeners = server.listeners(event) as ConnectionListener[]
  for (const listener of listeners) server.off(event, listener)
  const shared = new SharedState(server, listeners, options)
  server.on(event, (socket: Socket) => shared.accept(socket))
  return shared
}

class SharedState implements ConnectionHost, FastPath {
  readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES_MAX)
  readonly turn = new TurnBudget(TURN_REQUESTS_MAX)
  readonly prefixOf: PrefixOf | undefined
  headTicks: number
  idleTicks: number
  tick = 0
  isClosing = false
  readonly #server: Server
  readonly #listeners: readonly ConnectionListener[]
  readonly #lookup: (code: Code) => Lookup
  readonly #find: ((code: Code) => Promise<Found>) | undefined
  readonly #counters: FastPathCounters
  readonly #forwardQuery: QueryForwarding
  readonly #clicks: ClickNotes | undefined
  readonly #blocked: Pick<BlockedHosts, 'has'>
  readonly #spans: RedirectSpans | undefined
  readonly #now: () => EpochMs
  /** When the present batch of bytes came. */
  #at: EpochMs
  readonly #tickMs: number
  readonly #reply: RedirectReply
  readonly #refusals: Refusals | undefined
  readonly #connections = new Set<FastPathConnection>()
  /** Those that can go on, since an answer came in this turn; possibly more than once. */
  #answered: FastPathConnection[] = []
  /** Runs while there are connections. */
  #timer: NodeJS.Timeout | undefined
  #onEmpty: () => void = () => {}

  constructor(server: Server, listeners: readonly ConnectionListener[], options: FastPathOptions) {
    const { keepAliveTimeout, keepAliveTimeoutBuffer, headersTimeout } = server
    assert(keepAliveTimeout >= 1_000 && headersTimeout > 0, 'the fast path needs time-outs')
    this.#server = server
    this.#listeners = listeners
    this.#lookup = options.lookup
    this.#find = options.find
    this.prefixOf = options.prefixOf
    this.#counters = options.counters
    this.#forwardQuery = options.forwardQuery
    this.#clicks = options.clicks
    this.#blocked = options.blocked ?? NO_BLOCKED_HOSTS
    this.#spans = options.spans
    this.#now = options.now ?? (() => Date.now() as EpochMs)
    this.#at = this.#now()
    this.#tickMs = options.tickMs ?? TICK_MS
    this.headTicks = Math.ceil(headersTimeout / this.#tickMs)
    this.idleTicks = Math.ceil((keepAliveTimeout + keepAliveTimeoutBuffer) / this.#tickMs)
    const keepAliveSeconds = Math.floor(keepAliveTimeout / 1_000)
    this.#reply = new RedirectReply(keepAliveSeconds, options.redirectStatus, options.hsts)
    this.#refusals = options.hasFallback ? undefined : new Refusals(keepAliveSeconds, options.hsts)
  }

  get connections(): number {
    return this.#connections.size
  }

  accept(socket: Socket): void {
    if (this.isClosing || !canReadInto || isHttp2(socket)) return this.#emit(socket)
    this.#timer ??= setInterval(this.#onTick, this.#tickMs).unref()
    this.#connections.add(new FastPathConnection(socket, this))
  }

  beginBatch(): void {
    this.#at = this.#now()
    this.#reply.setTime(this.#at)
  }

  /** A failing look-up fails again in the route, where errors have their log and their reply. */
  lookup(code: Code): Lookup {
    try {
      const found = this.#lookup(code)
      return found.kind === 'unknown' && this.#find === undefined ? SERVER_ANSWERS : found
    } catch {
      return SERVER_ANSWERS
    }
  }

  replyWith(
    found: Lookup,
    code: Code,
    query: string,
    head: string,
    socket: Socket,
    isTraced = false,
  ): string | undefined {
    if (found.kind !== 'redirect') return this.#refuse(found, code, query, head, socket)
    if (this.#blocked.has(found.url)) return undefined
    const url =
      query === ''
        ? found.url
        : withQuery(found.url, query, found.forwardQuery ?? this.#forwardQuery)
    const reply = this.#reply.text(url, found, this.isClosing)
    if (reply === undefined) return undefined
    this.#counters.fast++
    // Node remembers the address once it was asked for, also when the socket is gone.
    const status = this.#reply.statusOf(found)
    this.#clicks?.note(code, this.#at, status, socket.remoteAddress ?? '', head, query, found.url)
    if (this.#spans !== undefined && !isTraced)
      endRedirect(this.#spans.ofHead(head, this.#at), status)
    return reply
  }

  /** That there is no such link; the last reply of a connection is the server's. */
  #refuse(
    found: Lookup,
    code: Code,
    query: string,
    head: string,
    socket: Socket,
  ): string | undefined {
    if (this.#refusals === undefined || this.isClosing) return undefined
    const refusal = this.#refusals.of(found, code, head, this.#at)
    if (refusal === undefined) return undefined
    const { status, text } = refusal
    if (status === 410) this.#counters.gone++
    else this.#counters.absent++
    this.#clicks?.noteOrphan(code, this.#at, status, socket.remoteAddress ?? '', head, query)
    return text
  }

  find(code: Code, expected: Expected, connection: FastPathConnection): void {
    void connection.socket.remoteAddress
    const span = this.#spans?.ofHead(expected.head, this.#at)
    expected.isTraced = span !== undefined
    findIn(span, () => this.#find!(code)).then(
      ({ lookup }) => {
        span?.end()
        this.#settle(expected, lookup, connection)
      },
      (error: unknown) => {
        span?.end(error)
        this.#settle(expected, SERVER_ANSWERS, connection)
      },
    )
  }

  /** Answers come many at a time: the replies to them leave together, when all are here. */
  #settle(expected: Expected, found: Lookup, connection: FastPathConnection): void {
    expected.line.take(expected, found)
    this.#answered.push(connection)
    if (this.#answered.length === 1) queueMicrotask(this.#sendAnswered)
  }

  readonly #sendAnswered = (): void => {
    const answered = this.#answered
    this.#answered = []
    this.beginBatch()
    for (const connection of answered) {
      // It may be here for each of its answers; what the budget does not allow waits for its turn.
      if (!this.turn.isWaiting(connection)) connection.sendFound()
    }
  }

  handOver(connection: FastPathConnection): void {
    this.forget(connection)
    this.#emit(connection.socket)
  }

  refuse(socket: Socket, reason: 'incomplete' | 'slow'): void {
    const code = reason === 'slow' ? 'ERR_HTTP_REQUEST_TIMEOUT' : 'HPE_INVALID_EOF_STATE'
    const error = Object.assign(new Error(`the request is ${reason}`), { code })
    if (!this.#server.emit('clientError', error, socket)) socket.destroy()
  }

  forget(connection: FastPathConnection): void {
    this.#connections.delete(connection)
    this.turn.leave(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#onEmpty()
  }

  close(): Promise<void> {
    this.isClosing = true
    const closeTicks = Math.ceil(CLOSE_TIMEOUT_MS / this.#tickMs)
    this.headTicks = Math.min(this.headTicks, closeTicks)
    this.idleTicks = Math.min(this.idleTicks, closeTicks)
    return new Promise((resolve) => {
      this.#onEmpty = resolve
      for (const connection of this.#connections) connection.finish()
      if (this.#connections.size === 0) resolve()
    })
  }

  #emit(socket: Socket): void {
    for (const listener of this.#listeners) listener.call(this.#server, socket)
  }

  readonly #onTick = (): void => {
    this.tick++
    for (const connection of this.#connections) connection.expire()
  }
}
