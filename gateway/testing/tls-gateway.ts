/**
 * A gateway that serves HTTPS with a certificate made for it, and clients of it; for the tests of TLS.
 */
import { once } from 'node:events'
import type { Server } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { keepCertificate, makeCertificate } from '../../test/certificates.ts'
import { until } from '../../test/deadline.ts'
import { temporaryDirectory } from '../../test/program.ts'
import { installFastPath } from '../fast-path/fast-path.ts'
import { GATEWAY_DEFAULTS, type GatewaySettings } from '../gateway-settings.ts'
import { hstsOf } from '../http/security-headers.ts'
import { OwnCertificate } from '../tls/own-certificate.ts'
import { NOW, startGateway } from './test-gateway.ts'

export const PATIENCE_MS = 60_000

/** It has the link `abc`. */
export async function startTlsGateway(t: ExecutionContext, given: Partial<GatewaySettings> = {}) {
  const directory = temporaryDirectory(t)
  const files = keepCertificate(directory, 'own', makeCertificate({ name: 'first' }))
  const clock = new ManualClock()
  const told: string[] = []
  const certificate = new OwnCertificate({
    cert: { path: files.cert, setting: 'TINYGRID_TLS_CERT' },
    key: { path: files.key, setting: 'TINYGRID_TLS_KEY' },
    clock,
    onRenewed: () => told.push('renewed'),
    onBroken: (what) => told.push(what),
  })
  const gateway = await startGateway(t, given, freeWork(), { certificate })
  const settings = { ...GATEWAY_DEFAULTS, ...given }
  const fastPath = installFastPath(gateway.app.server, {
    lookup: (code) => gateway.links.lookup(code, NOW),
    counters: gateway.redirects,
    forwardQuery: settings.forwardQuery,
    redirectStatus: settings.redirectStatus,
    hasFallback: false,
    hsts: hstsOf(settings),
    now: () => NOW,
  })
  t.teardown(() => fastPath.close())
  gateway.add({ code: 'abc', url: 'https://example.com/a' })
  const port = await gateway.listen()
  const dial = (options: ConnectionOptions = {}) => dialTls(t, port, options)
  return { ...gateway, fastPath, port, dial, files, clock, told, directory }
}

/** A connection whose handshake is over. */
export async function dialTls(
  t: ExecutionContext,
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** All that comes until `end` is in it. */
export async function readUntil(socket: TLSSocket, end: RegExp): Promise<string> {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  await until(`${String(end)} comes`, PATIENCE_MS, () => end.test(text))
  return text
}

/** How many connections it has. */
export function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
