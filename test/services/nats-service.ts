/**
 * A real `nats-server` for tests and for `npm run cluster`, with JetStream unless told otherwise.
 *
 * JetStream's files lie in the service's directory and outlive a kill; they are synced to disk every
 * 2 min as the server does by default, or at each write when asked.
 */
import { writeFileSync } from 'node:fs'
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
  /** More lines for its configuration file. */
  readonly config?: string
}

export class NatsService extends ServiceProcess {
  static async start(options: NatsOptions = {}): Promise<NatsService> {
    const service = new NatsService(kindOf(options), options)
    await service.begin()
    return service
  }
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
  return `${lines.join('\n')}\n${config}\n`
}
