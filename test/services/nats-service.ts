/**
 * A real `nats-server` for tests and for `npm run cluster`, with JetStream unless told otherwise.
 *
 * JetStream's files lie in the service's directory and outlive a kill; they are synced to disk every
 * 2 min as the server does by default, or at each write when asked.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

export interface NatsOptions extends ServiceOptions {
  /** Clients must give these. */
  readonly user?: string
  readonly password?: string
  /** Without it, streams and buckets are refused. On by default. */
  readonly jetStream?: boolean
  /** Sync each write to disk before it is acknowledged. */
  readonly syncsAlways?: boolean
  /** Under the permissions that are shipped: whoever connects is a node or an observer. */
  readonly isGuarded?: boolean
  /** More lines for its configuration file. */
  readonly config?: string
}

export class NatsService extends ServiceProcess {
  #isGuarded = false

  static async start(options: NatsOptions = {}): Promise<NatsService> {
    const service = new NatsService(kindOf(options), options)
    service.#isGuarded = options.isGuarded ?? false
    await service.begin()
    return service
  }

  /** As a node connects. */
  override get url(): string {
    return this.#isGuarded ? this.#urlOf('tinygrid-node') : super.url
  }

  /** As who only watches does. */
  get observerUrl(): string {
    return this.#isGuarded ? this.#urlOf('tinygrid-observer') : super.url
  }

  #urlOf(user: keyof typeof PASSWORDS): string {
    return super.url.replace('//', `//${user}:${PASSWORDS[user]}@`)
  }
}

const PERMISSIONS = path.resolve(import.meta.dirname, '../../deploy/nats-permissions.conf')
const PASSWORDS = { 'tinygrid-node': 'node-secret', 'tinygrid-observer': 'observer-secret' }

/** As an operator includes the file, but for the environment that its passwords are from. */
function permissions(): string {
  return readFileSync(PERMISSIONS, 'utf8')
    .replace('$TINYGRID_NATS_NODE_PASSWORD', PASSWORDS['tinygrid-node'])
    .replace('$TINYGRID_NATS_OBSERVER_PASSWORD', PASSWORDS['tinygrid-observer'])
}

function kindOf(options: NatsOptions): ServiceKind {
  return {
    program: 'nats',
    scheme: 'nats',
    args({ port, directory }) {
      const file = path.join(directory, 'nats.conf')
      writeFileSync(file, configOf(options, port, directory))
      return ['--config', file]
    },
    readyLine: /Server is ready/,
    greeting: { send: 'PING\r\n', expects: /^INFO / },
  }
}

function configOf(options: NatsOptions, port: number, directory: string): string {
  const { user, password, jetStream = true, syncsAlways = false, config = '' } = options
  const store = JSON.stringify(path.join(directory, 'jetstream'))
  const lines = [`listen: "127.0.0.1:${port}"`]
  if (jetStream) {
    lines.push(`jetstream { store_dir: ${store}${syncsAlways ? ', sync_interval: always' : ''} }`)
  }
  if (user !== undefined) {
    const credentials = [JSON.stringify(user), JSON.stringify(password ?? '')]
    lines.push(`authorization { user: ${credentials[0]}, password: ${credentials[1]} }`)
  }
  if (options.isGuarded === true) lines.push(permissions())
  return `${lines.join('\n')}\n${config}\n`
}
