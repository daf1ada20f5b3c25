/**
 * TLS in front of a server that has none, for tests: what comes is decrypted and passed on.
 *
 * Stands before the servers of tests that were built without TLS (FerretDB, ClickHouse's engine), so that our
 * side of the connection is what a server with TLS would meet.
 */
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'

export interface TlsProxy {
  readonly port: number
  /** Connections whose client showed a certificate that an authority here has signed. */
  readonly known: () => number
  close(): Promise<void>
}

export async function tlsProxy(port: number, options: TlsOptions): Promise<TlsProxy> {
  let known = 0
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer(options, (inside) => {
    if (inside.authorized) known++
    const outside = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    known: () => known,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
