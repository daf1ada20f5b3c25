/**
 * A real server that speaks S3 for tests: VersityGW over a directory, which checks signatures, parts and digests.
 */
import path from 'node:path'
import { mkdirSync } from 'node:fs'
import { AwsClient } from 'aws4fetch'
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

const ACCESS_KEY_ID = 'the-id'
const SECRET_ACCESS_KEY = 'the/secret'

export class S3Service extends ServiceProcess {
  static async start(options: ServiceOptions = {}): Promise<S3Service> {
    const service = new S3Service(KIND, options)
    await service.begin()
    return service
  }

  /** What a client of it is told by. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      AWS_ENDPOINT_URL: this.url,
    }
  }

  async makeBucket(name: string): Promise<void> {
    const { status } = await this.#client.fetch(`${this.url}/${name}`, { method: 'PUT' })
    if (status !== 200) throw new Error(`no bucket was made: ${status}`)
  }

  /** Objects in parts that were begun and neither committed nor abandoned. */
  async uploads(bucket: string): Promise<number> {
    const response = await this.#client.fetch(`${this.url}/${bucket}?uploads`)
    return (await response.text()).split('<Upload>').length - 1
  }

  get #client(): AwsClient {
    const keys = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }
    return new AwsClient({ ...keys, service: 's3', region: 'us-east-1' })
  }
}

const KIND: ServiceKind = {
  program: 's3',
  scheme: 'http',
  args({ host, port, directory }) {
    // Beside the objects, as not every file system takes attributes.
    const [objects, about] = ['objects', 'about'].map((name) => path.join(directory, name))
    for (const place of [objects!, about!]) mkdirSync(place, { recursive: true })
    const keys = ['--access', ACCESS_KEY_ID, '--secret', SECRET_ACCESS_KEY]
    return [...keys, '--port', `${host}:${port}`, 'posix', '--sidecar', about!, objects!]
  },
  readyLine: /service listening on/,
  greeting: { send: 'GET / HTTP/1.0\r\n\r\n', expects: /^HTTP\/1\.\d 403 / },
}
