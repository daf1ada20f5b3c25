/**
 * What is particular of a server with TLS: what it offers, and where its connections come in.
 *
 * Used by the HTTP server, and by whoever stands in front of its parser: the fast path, the bounds of
 * connections, HTTP/2. With TLS a connection is one of HTTP when its handshake is over; until then it counts
 * among the server's connections, and has as long as a head may take. A handshake that fails is nobody's
 * request: the connection is closed without a word.
 */
import { constants } from 'node:crypto'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { OwnCertificate, ServedCertificate } from './own-certificate.ts'

const HTTP2 = 'h2'

/** For `https.createServer`. */
export function tlsOptions(
  { headersTimeoutMs }: GatewaySettings,
  certificate: OwnCertificate,
): TlsOptions {
  return {
    ...contextOf(certificate.served),
    ALPNProtocols: [HTTP2, 'http/1.1'],
    handshakeTimeout: headersTimeoutMs,
  }
}

/** Serves what the certificate's files hold from now on. */
export function serveRenewed(server: Server, certificate: OwnCertificate): void {
  if (!isTlsServer(server)) return
  certificate.watch((served) => server.setSecureContext(contextOf(served)))
  server.once('close', () => certificate.stop())
}

/** Of no use to a client, and of much to who wants to keep the server busy. */
const NO_RENEGOTIATION = constants.SSL_OP_NO_RENEGOTIATION ?? 2 ** 30

function contextOf(served: ServedCertificate) {
  return {
    ...served,
    minVersion: 'TLSv1.2' as const,
    secureOptions: NO_RENEGOTIATION,
  }
}

export function isTlsServer(server: Server): server is Server & TlsServer {
  return server instanceof TlsServer
}

/** Told of each connection that can be read. */
export function connectionEvent(server: Server): 'connection' | 'secureConnection' {
  return isTlsServer(server) ? 'secureConnection' : 'connection'
}

/** Whether the client wants to speak HTTP/2. */
export function isHttp2(socket: Socket): socket is TLSSocket {
  return (socket as TLSSocket).alpnProtocol === HTTP2
}

/** Instead of an answer that nobody could read. */
export function closeFailedHandshakes(server: Server): void {
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy())
}
