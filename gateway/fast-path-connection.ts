/**
 * One client's connection while the fast path has it: requests in, redirects out, in order.
 *
 * Used by the fast path, which lends it what all connections share. It guarantees that replies
 * leave in the order of their requests, that a byte it did not answer is handed over unread and
 * after every reply that came before it, that what it holds is bounded (a head, a batch of
 * replies; then it stops reading until the client has taken them), and that it is cut off when its
 * deadline passes. It makes no decision about a request that is not a plain redirect.
 *
 * Deadlines are counted in ticks of the fast path's one timer: setting one is a store of a number.
 * Rejected: a timer per socket, moved at every request.
 */
import type { Socket } from 'node:net'
import type { Code } from '../cluster/ids.ts'
import { readAsStream, readInto, readOn } from './fast-path-reading.ts'
import {
  endOfCode,
  endOfHead,
  HEAD_BYTES_MAX,
  INCOMPLETE,
  OTHER,
  TARGET_PREFIX,
} from './fast-path-request.ts'

/** Replies are sent at the latest when they are this long together. */
const REPLIES_BYTES_MAX = 32_768

/** Never the end of a head, so the first request is always read in full. */
const NO_HEAD = '-'

/** What a connection needs from the fast path around it. */
export interface ConnectionHost {
  /** Where all connections read to, one at a time. */
  readonly buffer: Buffer
  /** The present tick. */
  readonly tick: number
  /**
   * How many ticks a client may take to send one head, and to take its replies or ask for more.
   * Both get shorter when the server stops.
   */
  readonly headTicks: number
  readonly idleTicks: number
  /** The server is stopping: what is under way is answered, with the connection's last reply. */
  readonly isClosing: boolean
  /** Called once for each batch of bytes, before its replies are asked for. */
  beginBatch(): void
  /** The reply to a redirect, which is then counted; undefined if Fastify has to answer. */
  replyTo(code: Code): string | undefined
  /** Gives the socket to the server, which reads it from here on. */
  handOver(connection: FastPathConnection): void
  /** Answers as the server does when a client breaks off or is too slow, which ends the socket. */
  refuse(socket: Socket, reason: 'incomplete' | 'slow'): void
  forget(connection: FastPathConnection): void
}

export class FastPathConnection {
  readonly socket: Socket
  readonly #host: ConnectionHost
  /** The end of the newest head, from behind the code, that was found to be plain: clients repeat it. */
  #knownHead = NO_HEAD
  /** A true beginning of a plain request, at most HEAD_BYTES_MAX long. */
  #partial: Buffer | undefined
  /** What was read and waits until the client has taken its replies: at most one buffer. */
  #waiting = ''
  /** leaving: the last reply is on its way; what still comes is not answered. */
  #stage: 'open' | 'leaving' | 'handed over' = 'open'
  /** The tick after which the client is cut off. */
  #deadline: number
  #hasAnswered = false

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket
    this.#host = host
    this.#deadline = host.tick + host.headTicks
    readInto(socket, host.buffer, this.#onBytes)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('error', ignore)
    socket.on('close', this.#onClose)
  }

  /** Cuts the client off if it is past its deadline. */
  expire(): void {
    if (this.#host.tick <= this.#deadline) return
    const isSlow = this.#partial !== undefined || !this.#hasAnswered
    if (!isSlow || this.socket.writableEnded) return void this.socket.destroy()
    this.#stage = 'leaving'
    this.#host.refuse(this.socket, 'slow')
  }

  /** Ends the connection, now or, if something is under way, with the reply to that. */
  finish(): void {
    this.#deadline = Math.min(this.#deadline, this.#host.tick + this.#host.idleTicks)
    if (this.#partial === undefined && !this.socket.writableNeedDrain) this.#leave()
  }

  readonly #onBytes = (length: number, buffer: Buffer): boolean => {
    if (this.#stage !== 'open') return true
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
      const codeEnd = endOfCode(text, at)
      const end = codeEnd > 0 ? this.#endOfHead(text, at, codeEnd) : codeEnd
      if (end === INCOMPLETE && text.length - at < HEAD_BYTES_MAX) break
      const reply =
        end > 0 ? host.replyTo(text.slice(at + TARGET_PREFIX.length, codeEnd) as Code) : undefined
      if (reply === undefined) return this.#handOver(replies, text.slice(at))
      this.#hasAnswered = true
      replies += reply
      at = end
      if (host.isClosing) return this.#sendLast(replies)
      if (replies.length < REPLIES_BYTES_MAX) continue
      if (!this.socket.write(replies, 'latin1')) return this.#wait(text.slice(at))
      replies = ''
    }
    if (at < text.length) this.#keep(text.slice(at), isContinued && at === 0)
    else this.#deadline = host.tick + host.idleTicks
    return replies === '' || this.socket.write(replies, 'latin1')
  }

  /** Like endOfHead, but a head that is byte for byte the last one is not read again. */
  #endOfHead(text: string, start: number, codeEnd: number): number {
    const knownEnd = codeEnd + this.#knownHead.length
    if (text.slice(codeEnd, knownEnd) === this.#knownHead) return knownEnd
    const end = endOfHead(text, codeEnd)
    if (end <= 0) return end
    if (end - start > HEAD_BYTES_MAX) return OTHER
    this.#knownHead = detached(text, codeEnd, end)
    return end
  }

  /**
   * Nothing that comes after the last reply is answered, but it is read, until the client ends or
   * the deadline: closing a socket with unread bytes resets it, which can take the reply away.
   */
  #sendLast(replies: string): true {
    this.#stage = 'leaving'
    this.socket.end(replies, 'latin1')
    return true
  }

  #leave(): void {
    this.#stage = 'leaving'
    this.socket.destroySoon()
  }

  /** The client does not take its replies: nothing more is answered, nor read, until it has. */
  #wait(rest: string): false {
    this.#waiting = rest
    this.#deadline = this.#host.tick + this.#host.idleTicks
    return false
  }

  /** Waits for the rest of a request; its deadline counts from its first byte, not its newest. */
  #keep(rest: string, isContinued: boolean): void {
    this.#partial = Buffer.from(rest, 'latin1')
    if (!isContinued) this.#deadline = this.#host.tick + this.#host.headTicks
  }

  #handOver(replies: string, rest: string): true {
    const { socket } = this
    if (replies !== '') socket.write(replies, 'latin1')
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    socket.off('error', ignore)
    socket.off('close', this.#onClose)
    readAsStream(socket)
    this.#stage = 'handed over'
    this.#host.handOver(this)
    socket.unshift(Buffer.from(rest, 'latin1'))
    return true
  }

  readonly #onDrain = (): void => {
    const { isClosing, tick, headTicks, idleTicks } = this.#host
    this.#deadline = tick + (this.#partial === undefined ? idleTicks : headTicks)
    const waiting = this.#waiting
    this.#waiting = ''
    if (waiting !== '' && !this.#answer(waiting, false)) return
    if (this.#stage === 'handed over') return
    if (isClosing && waiting === '' && this.#partial === undefined) return this.#leave()
    readOn(this.socket)
  }

  readonly #onEnd = (): void => {
    if (this.#partial === undefined) this.socket.end()
    else this.#host.refuse(this.socket, 'incomplete')
  }

  readonly #onClose = (): void => {
    this.#host.forget(this)
  }
}

/** A part of `text` that does not keep a much longer text alive. */
function detached(text: string, start: number, end: number): string {
  const part = text.slice(start, end)
  return text.length <= HEAD_BYTES_MAX ? part : Buffer.from(part, 'latin1').toString('latin1')
}

/** A reset or broken pipe is the client's business; the socket's close follows. */
function ignore(): void {}
