/**
 * Answers what Node's HTTP parser refuses before there is a request: 400, 408, 431.
 *
 * The reply is written to the socket by hand, in the same form as every other error, and the
 * connection is closed: after a parser error nobody knows where the next request would begin.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import { PROBLEM_TYPE, toProblem } from './problem.ts'
import { DATA_SECURITY_HEADERS } from './security-headers.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) socket.write(clientErrorReply(CODES[error.code ?? ''] ?? 'bad_request'))
  socket.destroySoon()
}

function clientErrorReply(code: ErrorCode): string {
  const error = new TinygridError(code)
  const body = JSON.stringify(toProblem(error))
  const headers = {
    ...DATA_SECURITY_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    date: new Date().toUTCString(),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`
}
