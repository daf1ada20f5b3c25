/**
 * A real ClickHouse for tests, by its HTTP interface: the server where there is one, else its engine
 * (`clickhouse_server.py`), which takes one query at a time. Its data outlives a kill.
 */
import path from 'node:path'
import { CLICKHOUSE } from './service-program.ts'
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

export interface ClickHouseOptions extends ServiceOptions {
  /** Of the user `default`. Only the engine takes one. */
  readonly password?: string
}

const kindOf = (password: string): ServiceKind => ({
  program: 'clickhouse',
  scheme: 'http',
  args({ program, port, directory }) {
    if (path.basename(program) === CLICKHOUSE) return [String(port), directory, password]
    const settings = { http_port: port, path: `${directory}/`, listen_host: '127.0.0.1' }
    return [
      'server',
      '--',
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ]
  },
  readyLine: /listens on|Ready for connections/,
  greeting: { send: 'GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n', expects: /Ok\./ },
})

export class ClickHouseService extends ServiceProcess {
  static async start(options: ClickHouseOptions = {}): Promise<ClickHouseService> {
    const service = new ClickHouseService(kindOf(options.password ?? ''), options)
    await service.begin()
    return service
  }
}
