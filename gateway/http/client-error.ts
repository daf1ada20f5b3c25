/**
 * Answers what Node's HTTP parser refuses before there is a request: 400, 405, 408, 431.
 *
 * A method that the parser does not know is none that a path takes, so it is refused as any other: with 405
 * and the methods that the path takes.
 *
 * The reply is written to the socket by hand, in the same form as every other error, and the
 * connection is closed: after a parser error nobody knows where the next request would begin.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError } from 'fastify'
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import type { AllowedMethods } from './allowed-methods.ts'
import { PROBLEM_TYPE, toProblem } from './problem.ts'
import { pathOfTarget } from './request-target.ts'
import { DATA_SECURITY_HEADERS } from './security-headers.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** As far as a request line whose method is unknown came with one packet. */
const UNKNOWN_METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} (\/[!-~]*) HTTP\/1\.[01]\r?\n/

export function clientErrorHandler(allowed: AllowedMethods) {
  return (error: ConnectionError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(clientErrorReply(...refusalOf(error, allowed)))
    socket.destroySoon()
  }
}

function refusalOf(error: ConnectionError, allowed: AllowedMethods): [TinygridError, string?] {
  const path = error.code === 'HPE_INVALID_METHOD' ? pathOfUnknownMethod(error) : undefined
  if (path === undefined) return [new TinygridError(CODES[error.code ?? ''] ?? 'bad_request')]
  const allow = allowed.of(path).join(', ')
  if (allow === '') return [new TinygridError('not_found')]
  return [new TinygridError('method_not_allowed', { detail: `This path takes ${allow}` }), allow]
}

function pathOfUnknownMethod({ rawPacket, bytesParsed }: ConnectionError): string | undefined {
  if (!Buffer.isBuffer(rawPacket)) return undefined
  // Other requests may have come before it in the packet.
  const text = rawPacket.toString('latin1')
  const line = text.slice(text.lastIndexOf('\n', bytesParsed - 1) + 1)
  const target = UNKNOWN_METHOD.exec(line)?.[1]
  return target && pathOfTarget(target)
}

function clientErrorReply(error: TinygridError, allow?: string): string {
  const body = JSON.stringify(toProblem(error))
  const headers = {
    ...DATA_SECURITY_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(allow !== undefined && { allow }),
    date: new Date().toUTCString(),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`
}
