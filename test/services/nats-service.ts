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
  /** Under the permissions that are shipped: whoever connects is a node, an observer or who runs it. */
  readonly isGuarded?: boolean
  /** Whose nodes and observers those are; `tinygrid` if left out. */
  readonly namespaces?: readonly string[]
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
    return this.nodeUrl()
  }

  /** As before an upgrade: it hands its leaders and its clients over, and ends (`--signal ldm`). */
  async retire(): Promise<void> {
    await this.endBy('SIGUSR2')
  }

  nodeUrl(namespace = NAMESPACE): string {
    return this.#urlOf(`${namespace}-node`, NODE_PASSWORD)
  }

  /** As who only watches does. */
  get observerUrl(): string {
    return this.#urlOf(`${NAMESPACE}-observer`, OBSERVER_PASSWORD)
  }

  /** As who may do everything. */
  get administratorUrl(): string {
    return this.#urlOf(ADMINISTRATOR.user, ADMINISTRATOR.password)
  }

  #urlOf(user: string, password: string): string {
    return this.#isGuarded ? super.url.replace('//', `//${user}:${password}@`) : super.url
  }
}

const PERMISSIONS = path.resolve(import.meta.dirname, '../../deploy/nats-permissions.conf')
const NAMESPACE = 'tinygrid'
const NODE_PASSWORD = 'node-secret'
const OBSERVER_PASSWORD = 'observer-secret'
const ADMINISTRATOR = { user: 'administrator', password: 'administrator-secret' }
/** The file's list of users. */
const USERS = /users: \[\n([^]*)\n {2}\]\n\}/

/**
 * As an operator includes the file, but for the environment that its passwords are from; for several
 * namespaces changed as the file says, and with somebody who may do everything.
 */
function permissions(namespaces: readonly string[]): string {
  const text = readFileSync(PERMISSIONS, 'utf8')
    .replace('$TINYGRID_NATS_NODE_PASSWORD', NODE_PASSWORD)
    .replace('$TINYGRID_NATS_OBSERVER_PASSWORD', OBSERVER_PASSWORD)
  const users = namespaces.map((namespace) => {
    const streams = namespace.toUpperCase().replaceAll('-', '_')
    const own = text.replaceAll('TINYGRID_', `${streams}_`).replaceAll(NAMESPACE, namespace)
    return USERS.exec(own)![1]!
  })
  users.push(JSON.stringify(ADMINISTRATOR))
  return text.replace(USERS, () => `users: [\n${users.join('\n')}\n  ]\n}`)
}

function kindOf(options: NatsOptions): ServiceKind {
  return {
    program: 'nats',
    scheme: 'nats',
    args({ host, port, directory }) {
      const file = path.join(directory, 'nats.conf')
      writeFileSync(file, configOf(options, `${host}:${port}`, directory))
      return ['--config', file]
    },
    readyLine: /Server is ready/,
    greeting: { send: 'PING\r\n', expects: /^INFO / },
  }
}

function configOf(options: NatsOptions, address: string, directory: string): string {
  const { user, password, jetStream = true, syncsAlways = false, config = '' } = options
  const store = JSON.stringify(path.join(directory, 'jetstream'))
  const lines = [`listen: "${address}"`]
  if (jetStream) {
    lines.push(`jetstream { store_dir: ${store}${syncsAlways ? ', sync_interval: always' : ''} }`)
  }
  if (user !== undefined) {
    const credentials = [JSON.stringify(user), JSON.stringify(password ?? '')]
    lines.push(`authorization { user: ${credentials[0]}, password: ${credentials[1]} }`)
  }
  if (options.isGuarded === true) lines.push(permissions(options.namespaces ?? [NAMESPACE]))
  return `${lines.join('\n')}\n${config}\n`
}
