/**
 * How the driver of Redis makes a connection with TLS: one whose errors are all heard.
 *
 * Used by `redis-connection.ts`. The driver (ioredis 5.11) listens to the first error of a connection
 * alone. With TLS there may be two, the refusal of a certificate here and what the server says to
 * that, and an error that nobody hears ends the process.
 */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { AbstractConnector } from 'ioredis'
import type { TlsMaterial } from '../../links/tls-files.ts'

/** What of the driver's options is needed here. */
interface DriverOptions {
  readonly host?: string
  readonly port?: number
  readonly tls?: ConnectionOptions & TlsMaterial
  readonly disconnectTimeout?: number
}

const DISCONNECT_MS_MAX = 2_000

export class RedisTlsConnector extends AbstractConnector {
  readonly #options: DriverOptions

  constructor(options: unknown) {
    const given = options as DriverOptions
    super(given.disconnectTimeout ?? DISCONNECT_MS_MAX)
    this.#options = given
  }

  async connect(): Promise<TLSSocket> {
    this.connecting = true
    // The driver takes the socket in a later turn, and may have given it up by then.
    await Promise.resolve()
    if (!this.connecting) throw new Error('the connection is closed')
    const { host = '127.0.0.1', port = 6379, tls } = this.#options
    const socket = connect({ host, port, ...tls })
    socket.on('error', (error) => (this.firstError ??= error))
    this.stream = socket
    return socket
  }
}
