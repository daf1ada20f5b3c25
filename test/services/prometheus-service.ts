/**
 * A real Prometheus for tests, over a configuration that the test writes into `directory`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

export interface PrometheusOptions extends ServiceOptions {
  /** The text of prometheus.yml; what it refers to lies in `directory`. */
  readonly config: string
}

export class PrometheusService extends ServiceProcess {
  static async start(options: PrometheusOptions): Promise<PrometheusService> {
    const service = new PrometheusService(KIND, options)
    writeFileSync(path.join(service.directory, CONFIG), options.config)
    await service.begin()
    return service
  }
}

const CONFIG = 'prometheus.yml'

const KIND: ServiceKind = {
  program: 'prometheus',
  scheme: 'http',
  args: ({ port, directory }) => [
    `--config.file=${path.join(directory, CONFIG)}`,
    `--storage.tsdb.path=${path.join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ],
  readyLine: /Server is ready to receive web requests/,
  greeting: { send: 'GET /-/ready HTTP/1.0\r\n\r\n', expects: /^HTTP\/1\.\d 200 / },
}
