/**
 * Bounds what clients can make Node's HTTP server hold: requests begun, and answers not taken.
 *
 * Stands between each connection and Node's parser, whatever the route. By itself Node parses all
 * requests of a packet at once, some thousands of small ones, keeps each answer until the client has
 * taken it, and only then stops reading. Here a packet is given to the parser up to the end of one
 * head at a time, and no further while
 *
 * - CONNECTION_REQUESTS_MAX requests of the connection are begun, or
 * - it has more than CONNECTION_UNREAD_BYTES_MAX to take, or Node has stopped it for that, or
 * - one of it is begun, and `requestsMax` of all together.
 *
 * Meanwhile the socket is not read: the client waits in its own buffers. What is held is gone on with
 * in turns, HEADS_PER_TURN of a connection and TURN_HEADS_MAX of all (`turn-budget.ts`), so that others
 * come in between. A request that is begun weighs as much as BEGUN_HEADS, and when the turn has had its
 * share not even the first of a packet is parsed: two hundred searches that arrive together are begun in
 * more than one turn. What the process keeps of answers is bounded for all together by `unreadBytesMax`: past it the connections with most are cut
 * off until that holds again, so that nobody else has to wait for them. A client that takes nothing
 * for `unreadTimeoutMs` is cut off.
 *
 * A request counts from its beginning until its answer is with the kernel; one that is answered in the
 * same turn only by what it leaves unread. Rejected: a stream in between, which costs each request a
 * seventh of its CPU time (this costs nothing that could be measured); ending a connection that asks
 * too much, since its packet is parsed all the same; Node's `server.timeout`, which costs each
 * redirect a tenth.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  canReadInto,
  isStoppedByServer,
  keepFromParser,
  readInto,
  readOn,
} from './socket-reading.ts'
import { connectionEvent, isHttp2 } from '../tls/tls-server.ts'
import { TurnBudget } from './turn-budget.ts'

export const CONNECTION_REQUESTS_MAX = 8
const CONNECTION_UNREAD_BYTES_MAX = 64 * 1024
/** How much is read from a socket at once, and so held of a connection that is not read on. */
const READ_BYTES_MAX = 16_384
const END_OF_HEAD = Buffer.from('\r\n\r\n')
/** Heads of one connection that are given to the parser one after the other. */
export const HEADS_PER_TURN = 8
/** Heads, but for the first of each packet, in one turn of the event loop. */
export const TURN_HEADS_MAX = 64
/** What finding the route of a request and reading its body costs, compared with a redirect. */
export const BEGUN_HEADS = 4
/** How often it is looked at what all connections have to take. */
const LOOK_MS = 100
/** How many times the connections are looked at within the time-out: it may be as much late. */
const LOOKS_PER_TIMEOUT = 10

export interface ConnectionBoundsOptions {
  /** Requests of all connections together; beyond it each connection may have one. */
  readonly requestsMax: number
  /** Bytes of answers, of all connections together, that clients have not taken. */
  readonly unreadBytesMax: number
  /** How long a client may take nothing of its answers. */
  readonly unreadTimeoutMs: number
}

/** Connections that are not read here: those of HTTP/2. */
interface UnreadElsewhere {
  unread(): Iterable<[Socket, number]>
}

export class ConnectionBounds {
  readonly #options: ConnectionBoundsOptions
  readonly #connections = new Map<Socket, Connection>()
  readonly #others: UnreadElsewhere | undefined
  /** Where all connections read to, one at a time. */
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES_MAX)
  #requests = 0
  readonly #turn = new TurnBudget(TURN_HEADS_MAX)

  /** Looks after the connections of `server` until it closes; of `others` after what is unread alone. */
  constructor(server: Server, options: ConnectionBoundsOptions, others?: UnreadElsewhere) {
    this.#options = options
    this.#others = others
    // Before Node's own listener, which takes the socket to its parser.
    server.prependListener(connectionEvent(server), (socket: Socket) => {
      if (!isHttp2(socket)) this.#accept(socket)
    })
    const timers = [
      setInterval(() => this.#cutOffGreedy(), LOOK_MS),
      setInterval(() => this.#timeUnread(), options.unreadTimeoutMs / LOOKS_PER_TIMEOUT),
    ]
    for (const timer of timers) {
      timer.unref()
      server.once('close', () => clearInterval(timer))
    }
  }

  /** Requests that were begun and whose answers are not with the kernel yet. */
  get requests(): number {
    return this.#requests
  }

  /** Counts a request that could not be answered in the turn in which it came. */
  begun(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined || connection.answers.has(response)) return
    connection.answers.add(response)
    connection.newest = request
    this.#requests++
    this.#turn.spend(BEGUN_HEADS)
    response.once('close', () => {
      this.#requests--
      connection.answers.delete(response)
      this.#goOnLater(connection)
    })
  }

  #accept(socket: Socket): void {
    const connection: Connection = new Connection(socket, {
      hasRoom: () => this.#requests < this.#options.requestsMax,
      turn: this.#turn,
    })
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
    if (!canReadInto) return
    keepFromParser(socket)
    readInto(socket, this.#buffer, connection.onBytes)
    const goOnLater = () => this.#goOnLater(connection)
    socket.on('drain', goOnLater)
    socket.on('resume', goOnLater)
  }

  #goOnLater(connection: Connection): void {
    if (connection.isHolding) this.#turn.wait(connection)
  }

  /**
   * A time-out goes to those that have something to take; Node puts it off while they take it, and
   * takes it back after the answer. Rarely, since a socket with a time-out costs each redirect more.
   */
  #timeUnread(): void {
    for (const socket of this.#connections.keys()) {
      if (socket.writableLength > 0 && !socket.timeout) {
        socket.setTimeout(this.#options.unreadTimeoutMs)
      }
    }
  }

  #cutOffGreedy(): void {
    const { unreadBytesMax } = this.#options
    const unread: [Socket, number][] = []
    let total = 0
    for (const [socket, { unreadBytes }] of this.#connections) {
      if (unreadBytes === 0) continue
      unread.push([socket, unreadBytes])
      total += unreadBytes
    }
    for (const [socket, bytes] of this.#others?.unread() ?? []) {
      unread.push([socket, bytes])
      total += bytes
    }
    if (total <= unreadBytesMax) return
    unread.sort(([, a], [, b]) => b - a)
    for (const [socket, bytes] of unread) {
      socket.destroy()
      total -= bytes
      if (total <= unreadBytesMax) return
    }
  }
}

/** What a connection knows of the others. */
interface Surroundings {
  /** Whether the process may have one request more. */
  readonly hasRoom: () => boolean
  readonly turn: TurnBudget
}

class Connection {
  readonly answers = new Set<ServerResponse>()
  /** The request that was counted last. */
  newest: IncomingMessage | undefined
  readonly #socket: Socket
  readonly #process: Surroundings
  /** Read, and not given to the parser yet. Invariant: while it is here, the socket is not read on. */
  #held: Buffer | undefined
  #isFeeding = false

  constructor(socket: Socket, surroundings: Surroundings) {
    this.#socket = socket
    this.#process = surroundings
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** Answers behind the first one are kept by themselves until their turn comes. */
  get unreadBytes(): number {
    let bytes = this.#socket.writableLength
    for (const answer of this.answers) if (answer.socket === null) bytes += answer.writableLength
    return bytes
  }

  readonly onBytes = (length: number, buffer: Buffer): boolean => {
    const bytes = buffer.subarray(0, length)
    // Node itself may have read on after a pause.
    if (this.#held !== undefined || this.#isFeeding) {
      this.#held = Buffer.concat([this.#held ?? Buffer.alloc(0), bytes])
      return false
    }
    const { rest } = this.#feed(bytes)
    if (rest === undefined) return true
    // The buffer is everybody's: what is kept is copied.
    this.#hold(Buffer.from(rest))
    this.#process.turn.wait(this)
    return false
  }

  /** Gives on what is held, as far as that may be now. */
  goOn(): void {
    const held = this.#held
    if (held === undefined || this.#isFeeding) return
    this.#held = undefined
    const { rest, heads } = this.#feed(held)
    if (rest !== undefined) {
      this.#hold(rest)
      if (heads > 0 || this.#process.turn.isSpent) this.#process.turn.wait(this)
    } else if (!this.#socket.destroyed) readOn(this.#socket)
  }

  /** In front of what may have come meanwhile. */
  #hold(rest: Buffer): void {
    this.#held = this.#held === undefined ? rest : Buffer.concat([rest, this.#held])
  }

  /** Gives bytes to the parser, one head at a time; `rest` are those that have to wait. */
  #feed(bytes: Buffer): { rest: Buffer | undefined; heads: number } {
    const socket = this.#socket
    this.#isFeeding = true
    let at = 0
    let heads = 0
    while (at < bytes.length && !socket.destroyed) {
      if (heads === HEADS_PER_TURN || !this.#mayGoOn) break
      if (heads === 0 ? this.#process.turn.isSpent : !this.#process.turn.take()) break
      heads++
      const head = bytes.indexOf(END_OF_HEAD, at)
      const end = head === -1 ? bytes.length : head + END_OF_HEAD.length
      socket.emit('data', bytes.subarray(at, end))
      at = end
    }
    this.#isFeeding = false
    const isDone = at === bytes.length || socket.destroyed
    return { rest: isDone ? undefined : bytes.subarray(at), heads }
  }

  get #mayGoOn(): boolean {
    const { answers, newest } = this
    const socket = this.#socket
    if (socket.isPaused() || isStoppedByServer(socket)) return false
    // A request that was begun must get its body.
    if (answers.size > 0 && newest !== undefined && !newest.complete) return true
    if (socket.writableLength > CONNECTION_UNREAD_BYTES_MAX) return false
    return answers.size === 0 || (answers.size < CONNECTION_REQUESTS_MAX && this.#process.hasRoom())
  }
}
