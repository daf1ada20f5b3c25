/**
 * A real `redis-server` for tests and for `npm run cluster`. It keeps nothing across a restart: the
 * fallback cache must do without.
 */
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

export interface RedisOptions extends ServiceOptions {
  /** More arguments, as in `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[]
}

export class RedisService extends ServiceProcess {
  static async start(options: RedisOptions = {}): Promise<RedisService> {
    const service = new RedisService(kindOf(options), options)
    await service.begin()
    return service
  }
}

function kindOf({ args = [] }: RedisOptions): ServiceKind {
  return {
    program: 'redis',
    scheme: 'redis',
    args({ port, directory }) {
      const place = `--bind 127.0.0.1 --port ${port} --appendonly no`.split(' ')
      return [...place, '--save', '', '--dir', directory, ...args]
    },
    readyLine: /Ready to accept connections/,
    greeting: { send: 'PING\r\n', expects: /^(\+PONG|-NOAUTH)/ },
  }
}
