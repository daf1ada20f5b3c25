/**
 * A real server that speaks MongoDB's protocol, for tests and for `npm run cluster`: `mongod` where
 * there is one, else FerretDB on SQLite files (`ferretdb.go`). Its data outlives a kill.
 *
 * And the second opinion on what MongoDB means (`MongoJavaServer.java`), which keeps all in memory.
 */
import path from 'node:path'
import { ServiceProcess, type ServiceKind, type ServiceOptions } from './service-process.ts'

/** An OP_MSG with `{ ping: 1, $db: 'admin' }`. */
const PING = pingMessage()

const KIND: ServiceKind = {
  program: 'mongo',
  scheme: 'mongodb',
  args({ program, port, directory }) {
    if (path.basename(program) === 'ferretdb') {
      return ['-listen', `127.0.0.1:${port}`, '-dir', directory]
    }
    return ['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', directory]
  },
  readyLine: /FerretDB listens on|Waiting for connections/,
  greeting: { send: PING, expects: /ok/ },
}

const JAVA_KIND: ServiceKind = {
  ...KIND,
  program: 'mongo-java',
  args: ({ port }) => [String(port)],
  readyLine: /mongo-java-server listens on/,
}

export class MongoService extends ServiceProcess {
  static async start(options: ServiceOptions = {}): Promise<MongoService> {
    const service = new MongoService(KIND, options)
    await service.begin()
    return service
  }
}

export class MongoJavaService extends ServiceProcess {
  static async start(): Promise<MongoJavaService> {
    const service = new MongoJavaService(JAVA_KIND, {})
    await service.begin()
    return service
  }
}

function pingMessage(): Buffer {
  const fields = ['\x10ping\0\x01\0\0\0', '\x02$db\0\x06\0\0\0admin\0', '\0'].join('')
  const document = Buffer.from(`\0\0\0\0${fields}`, 'latin1')
  document.writeInt32LE(document.length)
  const header = Buffer.alloc(21)
  header.writeInt32LE(header.length + document.length)
  header.writeInt32LE(1, 4)
  header.writeInt32LE(2013, 12)
  return Buffer.concat([header, document])
}
