/**
 * One client's connection while the fast path has it: requests in, redirects out, in order.
 *
 * Used by the fast path, which lends it what all connections share. It guarantees that replies leave in
 * the order of their requests, that a byte it did not answer is handed over unread and after every
 * reply that came before it, that it is cut off when its deadline passes, and that what it holds is
 * bounded (a head, a batch of replies; then it stops reading until the client has taken them). So is
 * what it does in a turn of the event loop: beyond the first request of a packet, what the budget of
 * all connections allows. It makes no decision about a request that is not a plain redirect.
 *
 * What must be asked elsewhere puts the connection's requests in a line (`fast-path-line.ts`) until
 * the answer comes. Then a redirect is sent from here; with anything else the request is handed over
 * and asked about again, which changes nothing: a look-up has no effect. While a client waits, it is
 * not idle. One that ends its side meanwhile gets the redirects that it asked for, and nothing that
 * would be the server's to answer: Node's server drops that too.
 *
 * Deadlines are counted in ticks of the fast path's one timer: setting one is a store of a number.
 * Rejected: a timer per socket, moved at every request.
 */
import type { Socket } from 'node:net'
import type { Code } from '../../links/ids.ts'
import type { ConnectionHost } from './fast-path-host.ts'
import { type ExpectedRequest, WaitingLine } from './fast-path-line.ts'
import { giveBack, readAsStream, readInto, readOn } from '../http/socket-reading.ts'
import { INCOMPLETE, RequestReader } from './fast-path-request.ts'

/** Replies are sent at the latest when they are this long together. */
const REPLIES_BYTES_MAX = 16_384

export class FastPathConnection {
  readonly socket: Socket
  readonly #host: ConnectionHost
  readonly #reader: RequestReader
  /** A true beginning of a plain request, at most HEAD_BYTES_MAX long. */
  #partial: Buffer | undefined
  /**
   * What was read and waits, for answers, for the client to take its replies, or for another turn of
   * the event loop. Invariant: while it is here, #partial is not.
   */
  #line: WaitingLine | undefined
  #hasEnded = false
  /** leaving: the last reply is on its way; what still comes is not answered. */
  #stage: 'open' | 'leaving' | 'handed over' = 'open'
  /** The tick after which the client is cut off. */
  #deadline: number
  #hasAnswered = false

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket
    this.#host = host
    this.#reader = new RequestReader(host.prefixOf)
    this.#deadline = host.tick + host.headTicks
    readInto(socket, host.buffer, this.#onBytes)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('error', ignore)
    socket.on('close', this.#onClose)
  }

  /** Cuts the client off if it is past its deadline. */
  expire(): void {
    const waitsForUs = this.#line !== undefined && !this.socket.writableNeedDrain
    if (this.#host.tick <= this.#deadline || waitsForUs) return
    const isSlow = this.#partial !== undefined || !this.#hasAnswered
    if (!isSlow || this.socket.writableEnded) return void this.socket.destroy()
    this.#stage = 'leaving'
    this.#host.refuse(this.socket, 'slow')
  }

  /** Ends the connection, now or, if something is under way, with the reply to that. */
  finish(): void {
    this.#deadline = Math.min(this.#deadline, this.#host.tick + this.#host.idleTicks)
    if (this.#line !== undefined || this.#partial !== undefined) return
    if (!this.socket.writableNeedDrain) this.#leave()
  }

  /** Goes on after a pause: the client has taken its replies, or another turn has begun. */
  goOn(): void {
    this.#host.beginBatch()
    this.sendFound()
  }

  /** Sends what the line's first requests are answered, as far as the answers are here. */
  sendFound(): void {
    const line = this.#line
    if (line === undefined || this.socket.writableNeedDrain || this.socket.destroyed) return
    const host = this.#host
    this.#deadline = host.tick + host.idleTicks
    let replies = ''
    for (let first = line.first; first?.found !== undefined; first = line.first) {
      if (replies !== '' && !this.#mayAdd(replies)) {
        host.turn.wait(this)
        break
      }
      const { found, code, query, head, isTraced } = first
      const reply = host.replyWith(found, code, query, head, this.socket, isTraced)
      if (reply === undefined) return void this.#handOver(replies, line.rest())
      this.#hasAnswered = true
      line.shift()
      replies += reply
      if (host.isClosing) return void this.#sendLast(replies)
    }
    if (replies !== '' && !this.socket.write(replies, 'latin1')) return
    if (line.isEmpty) return this.#leaveLine(line.rest())
    const again = line.takeLetGo()
    if (again !== undefined) host.find(again.code, again, this)
    this.#lookAhead(line)
    if (line.hasRoom) readOn(this.socket)
  }

  readonly #onBytes = (length: number, buffer: Buffer): boolean => {
    if (this.#stage !== 'open') return true
    const line = this.#line
    if (line !== undefined) {
      line.append(buffer.toString('latin1', 0, length))
      this.#lookAhead(line)
      return line.hasRoom
    }
    const partial = this.#partial
    if (partial === undefined) return this.#answer(buffer.toString('latin1', 0, length), false)
    this.#partial = undefined
    const bytes = Buffer.concat([partial, buffer.subarray(0, length)])
    return this.#answer(bytes.toString('latin1'), true)
  }

  /** Answers what it can. Says whether to read on; if not, the client has replies to take. */
  #answer(text: string, isContinued: boolean): boolean {
    const host = this.#host
    host.beginBatch()
    let replies = ''
    let at = 0
    while (at < text.length) {
      if (replies !== '' && !this.#mayAdd(replies)) {
        this.socket.write(replies, 'latin1')
        return this.#wait(text.slice(at))
      }
      const end = this.#reader.endOfRequest(text, at)
      if (end === INCOMPLETE) break
      if (end < 0) return this.#handOver(replies, text.slice(at))
      const code = this.#reader.codeOf(text, at)
      const found = host.lookup(code)
      if (found.kind === 'unknown') {
        return this.#startLine(replies, text.slice(at), end - at, this.#expected(text, code))
      }
      const { head } = this.#reader
      const reply = host.replyWith(found, code, this.#reader.queryOf(text), head, this.socket)
      if (reply === undefined) return this.#handOver(replies, text.slice(at))
      this.#hasAnswered = true
      replies += reply
      at = end
      if (host.isClosing) return this.#sendLast(replies)
    }
    if (at < text.length) this.#keep(text.slice(at), isContinued && at === 0)
    else this.#deadline = host.tick + host.idleTicks
    return replies === '' || this.socket.write(replies, 'latin1')
  }

  /** Whether one reply more may go with these, in this turn. */
  #mayAdd(replies: string): boolean {
    return replies.length < REPLIES_BYTES_MAX && this.#host.turn.take()
  }

  /** What the first request of `rest` leads to must be asked elsewhere. */
  #startLine(replies: string, rest: string, bytes: number, request: ExpectedRequest): boolean {
    if (replies !== '' && !this.socket.write(replies, 'latin1')) return this.#wait(rest)
    const line = new WaitingLine(rest)
    this.#line = line
    this.#host.find(request.code, line.expect(bytes, request), this)
    this.#lookAhead(line)
    return line.hasRoom
  }

  /** The request that was read last, of which it is not known yet what it leads to. */
  #expected(text: string, code: Code): ExpectedRequest {
    return { code, query: this.#reader.queryOf(text), head: this.#reader.head }
  }

  /** Asks for what the requests in line lead to, up to the first that is the server's. */
  #lookAhead(line: WaitingLine): void {
    const { text } = line
    while (line.canReadOn && line.readTo < text.length) {
      if (!this.#host.turn.take()) return this.#host.turn.wait(this)
      const at = line.readTo
      const end = this.#reader.endOfRequest(text, at)
      if (end === INCOMPLETE) return
      if (end < 0) return line.stop()
      const code = this.#reader.codeOf(text, at)
      const found = this.#host.lookup(code)
      const expected = line.expect(end, this.#expected(text, code))
      if (found.kind === 'unknown') this.#host.find(code, expected, this)
      else line.take(expected, found)
    }
  }

  /** Every request in line has its reply; what came behind them is read like what comes now. */
  #leaveLine(rest: string): void {
    if (rest !== '' && !this.#host.turn.take()) return this.#host.turn.wait(this)
    this.#line = undefined
    if (rest !== '' && !this.#answer(rest, false)) return
    if (this.#line === undefined) this.#readOn()
  }

  /** Nothing waits for a reply any more. */
  #readOn(): void {
    if (this.#stage !== 'open') return
    if (this.#hasEnded) return this.#end()
    if (this.#host.isClosing && this.#partial === undefined) return this.#leave()
    readOn(this.socket)
  }

  /**
   * Nothing that comes after the last reply is answered, but it is read, until the client ends or
   * the deadline: closing a socket with unread bytes resets it, which can take the reply away.
   */
  #sendLast(replies: string): true {
    this.#stage = 'leaving'
    this.#line = undefined
    this.socket.end(replies, 'latin1')
    readOn(this.socket)
    return true
  }

  #leave(): void {
    this.#stage = 'leaving'
    this.socket.destroySoon()
  }

  /** Nothing more is answered, nor read, before another turn, and until the client has its replies. */
  #wait(rest: string): false {
    this.#line = new WaitingLine(rest)
    this.#deadline = this.#host.tick + this.#host.idleTicks
    this.#host.turn.wait(this)
    return false
  }

  /** Waits for the rest of a request; its deadline counts from its first byte, not its newest. */
  #keep(rest: string, isContinued: boolean): void {
    this.#partial = Buffer.from(rest, 'latin1')
    if (!isContinued) this.#deadline = this.#host.tick + this.#host.headTicks
  }

  #handOver(replies: string, rest: string): true {
    const { socket } = this
    if (this.#hasEnded) return this.#sendLast(replies)
    this.#line = undefined
    if (replies !== '') socket.write(replies, 'latin1')
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    socket.off('error', ignore)
    socket.off('close', this.#onClose)
    readAsStream(socket)
    this.#stage = 'handed over'
    this.#host.handOver(this)
    giveBack(socket, Buffer.from(rest, 'latin1'))
    return true
  }

  readonly #onDrain = (): void => {
    const { tick, headTicks, idleTicks } = this.#host
    this.#deadline = tick + (this.#partial === undefined ? idleTicks : headTicks)
    if (this.#line === undefined) this.#readOn()
    else this.goOn()
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    if (this.#line === undefined) this.#end()
  }

  #end(): void {
    if (this.#partial === undefined) this.socket.end()
    else this.#host.refuse(this.socket, 'incomplete')
  }

  readonly #onClose = (): void => {
    this.#line = undefined
    this.#host.forget(this)
  }
}

/** A reset or broken pipe is the client's business; the socket's close follows. */
function ignore(): void {}
