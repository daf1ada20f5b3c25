/**
 * One keep-alive connection that sends a request as text and reads one answer at a time.
 *
 * For load generators that share a machine with the server: a hundredth of what a general HTTP
 * client costs, and it reads only what a measurement needs. Answers must carry Content-Length, as
 * all of Tinygrid's do; one without is no answer. After an error the connection is made anew for the
 * next request.
 */
import { connect, type Socket } from 'node:net'

export interface Reply {
  readonly status: number
  /** Status line and headers. */
  readonly head: string
  readonly body: string
}

/** undefined: no whole answer came. */
export type OnReply = (reply: Reply | undefined) => void

const HEAD_END = '\r\n\r\n'
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i
const LOCATION = /\r\nlocation: *([^\r]*)/i

export class RawConnection {
  readonly #port: number
  #socket: Socket | undefined
  #received = ''
  /** Invariant: set while a request is under way, at most one. */
  #onReply: OnReply | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** @param request everything from the request line to the last byte of the body */
  send(request: string, onReply: OnReply): void {
    this.#onReply = onReply
    this.#socket ??= this.#connect()
    this.#socket.write(request, 'latin1')
  }

  close(): void {
    this.#socket?.destroy()
    this.#settle(undefined)
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#receive(text))
    socket.on('error', () => {
      // 'close' follows, and settles the request.
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#received = ''
      this.#settle(undefined)
    })
    return socket
  }

  #receive(text: string): void {
    this.#received += text
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd === -1) return
    const head = this.#received.slice(0, headEnd + 2)
    const bodyStart = headEnd + HEAD_END.length
    const bodyLength = CONTENT_LENGTH.exec(head)?.[1]
    if (bodyLength === undefined) this.#socket?.destroy()
    const end = bodyStart + Number(bodyLength)
    if (!(this.#received.length >= end)) return
    const body = this.#received.slice(bodyStart, end)
    this.#received = this.#received.slice(end)
    this.#settle({ status: Number(head.slice(9, 12)), head, body })
  }

  #settle(reply: Reply | undefined): void {
    const onReply = this.#onReply
    this.#onReply = undefined
    onReply?.(reply)
  }
}

export function locationOf(reply: Reply): string | undefined {
  return LOCATION.exec(reply.head)?.[1]
}

/** A POST of JSON with the key, as text. */
export function postText(path: string, key: string, json: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`
  )
}

export function getText(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`
}
