/**
 * The port for HTTP beside HTTPS: it leads visitors to the same address there, and does nothing else.
 *
 * Started by the front where a setting asks for it. GET and HEAD are answered with 308, which browsers keep; anything
 * else with 426, because its key has gone over the wire in the clear by then, and whoever sent it should see
 * that. It reads no bodies, keeps no connection, and has its own bound on connections. Rejected: HTTP and HTTPS
 * on one port, which puts a look at the first byte before each connection.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** A host with or without a port; anything else would be put into a header unseen. */
const HOST = /^([a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i
/** Of an address, as of a request's head: visible ASCII. */
const TARGET = /^\/[\x21-\x7e]*$/
const CONNECTIONS_MAX = 1_000
const HEAD_BYTES_MAX = 16_384
const TIMEOUT_MS = 10_000
const HTTPS_PORT = 443

export interface RedirectPortOptions {
  readonly host: string
  readonly port: number
  /** Where HTTPS is: what short links start with, else the host that the client named and this port. */
  readonly baseUrl: string | undefined
  readonly httpsPort: number
}

/** Resolves when it listens; rejects with what the system says. */
export function openRedirectPort(options: RedirectPortOptions): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAlive: false,
    },
    (request, response) => answer(options, request, response),
  )
  server.maxConnections = CONNECTIONS_MAX
  server.setTimeout(TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => resolve(server))
  })
}

function answer(
  options: RedirectPortOptions,
  { method, url = '/', headers: { host = '' } }: IncomingMessage,
  response: ServerResponse,
): void {
  const base = baseOf(options, host)
  const close = { Connection: 'close', 'Content-Length': '0' }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(426, {
      ...close,
      Upgrade: 'TLS/1.2, HTTP/1.1',
      Connection: 'Upgrade, close',
    })
  } else if (base === undefined || !TARGET.test(url)) response.writeHead(400, close)
  else response.writeHead(308, { ...close, Location: `${base}${url}` })
  response.end()
}

function baseOf({ baseUrl, httpsPort }: RedirectPortOptions, host: string): string | undefined {
  if (baseUrl?.startsWith('https:') === true) return new URL(baseUrl).origin
  const name = HOST.exec(host)?.[1]
  if (name === undefined) return undefined
  return `https://${name}${httpsPort === HTTPS_PORT ? '' : `:${httpsPort}`}`
}
