/**
 * The servers of a cluster with TLS, each of which asks for a certificate, for tests.
 *
 * NATS and Redis speak it themselves; before MongoDB's stand-in and ClickHouse's engine stands a proxy
 * (`tls-proxy.ts`). Each has a certificate for its address alone, as servers within a network often have,
 * and each is there once more with one that has expired.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { authority, keepCertificate, makeCertificate, type Certificate } from './certificates.ts'
import { ClickHouseService } from './services/clickhouse-service.ts'
import { freePort } from './services/free-port.ts'
import { MongoService } from './services/mongo-service.ts'
import { NatsService } from './services/nats-service.ts'
import { RedisService } from './services/redis-service.ts'
import { tlsProxy } from './tls-proxy.ts'

export const SERVERS = ['NATS', 'REDIS', 'MONGO', 'CLICKHOUSE'] as const
/** What they are to the tests' services. */
export const PROGRAMS = ['nats', 'redis', 'mongo', 'clickhouse'] as const
export type Server = (typeof SERVERS)[number]
type Pair = ReturnType<typeof keepCertificate>

export interface Papers {
  readonly directory: string
  readonly ca: Certificate
  /** Of the authority, of another one, of a server, and of a node. */
  readonly files: Readonly<Record<'ca' | 'other' | 'server' | 'expired' | 'node', Pair>>
}

export function papersIn(directory: string): Papers {
  const ca = authority()
  const keep = (name: string, certificate: Certificate) =>
    keepCertificate(directory, name, certificate)
  const made = (name: string, options = {}) =>
    keep(name, makeCertificate({ name, issuer: ca, ...options }))
  const past = new Date(Date.now() - 60_000)
  return {
    directory,
    ca,
    files: {
      ca: keep('ca', ca),
      other: keep('other', authority('Another authority')),
      // By its address alone, as servers within a network often are.
      server: made('server', { hosts: ['127.0.0.1'] }),
      expired: made('expired', { until: past }),
      node: made('node', { hosts: [] }),
    },
  }
}

interface Closable {
  readonly port: number
  close(): Promise<void>
}

/** Servers with TLS that ask for a certificate, each with an expired one besides. */
export class TlsServers {
  readonly papers: Papers
  readonly #parts: Closable[] = []
  readonly #ports = new Map<string, number>()

  private constructor(directory: string) {
    this.papers = papersIn(directory)
  }

  static async start(): Promise<TlsServers> {
    const servers = new TlsServers(mkdtempSync(path.join(os.tmpdir(), 'tinygrid-tls-')))
    await Promise.all([servers.#startOwn(), servers.#startBehind()])
    return servers
  }

  url(server: Server, own: 'server' | 'expired' = 'server'): string {
    return URLS[server](this.#ports.get(`${server} ${own}`)!)
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.close()))
    rmSync(this.papers.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Those with TLS of their own. */
  async #startOwn(): Promise<void> {
    const { ca } = this.papers.files
    for (const own of ['server', 'expired'] as const) {
      const { cert, key } = this.papers.files[own]
      const config = `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca.cert}", verify: true }`
      this.#ports.set(`NATS ${own}`, this.#keep(await NatsService.start({ config })))
      const port = await freePort()
      const args = ['--tls-port', `${port}`, '--tls-cert-file', cert, '--tls-key-file', key]
      this.#keep(await RedisService.start({ args: [...args, '--tls-ca-cert-file', ca.cert] }))
      this.#ports.set(`REDIS ${own}`, port)
    }
  }

  async #startBehind(): Promise<void> {
    const starts = [MongoService.start(), ClickHouseService.start()] as const
    for (const [server, starting] of [
      ['MONGO', starts[0]],
      ['CLICKHOUSE', starts[1]],
    ] as const) {
      const port = this.#keep(await starting)
      for (const own of ['server', 'expired'] as const) {
        const { ca, [own]: pair } = this.papers.files
        this.#ports.set(`${server} ${own}`, this.#keep(await proxyOf(port, pair, ca)))
      }
    }
  }

  #keep(part: Closable): number {
    this.#parts.push(part)
    return part.port
  }
}

function proxyOf(port: number, { cert, key }: Pair, ca: Pair) {
  const [certText, keyText, caText] = [cert, key, ca.cert].map((file) => readFileSync(file, 'utf8'))
  return tlsProxy(port, { cert: certText!, key: keyText!, ca: caText!, requestCert: true })
}

export const URLS: Readonly<Record<Server, (port: number) => string>> = {
  NATS: (port) => `tls://127.0.0.1:${port}`,
  REDIS: (port) => `rediss://127.0.0.1:${port}`,
  MONGO: (port) => `mongodb://127.0.0.1:${port}/?tls=true`,
  CLICKHOUSE: (port) => `https://127.0.0.1:${port}/tiny`,
}
