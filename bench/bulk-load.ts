/** Closed-loop load of bulk requests; counts links, each checked to be new. */
import { newUrl } from './link-set.ts'
import { cpuMsOfAll, type LoadResult } from './load.ts'
import { postText, RawConnection, type Reply } from './raw-connection.ts'
import { API_KEY, type ServerProcess } from './server-process.ts'

const ITEMS = 1000
const CONNECTIONS = 4
const MADE = '"status":201'

export class BulkLoad {
  readonly #servers: readonly ServerProcess[]
  #runs = 0

  /** @param servers nodes of one cluster, which share the connections; or one server */
  constructor(...servers: readonly ServerProcess[]) {
    this.#servers = servers
  }

  /** Requests are counted in links. */
  async run(seconds: number): Promise<LoadResult> {
    const salt = `bulk-${Date.now().toString(36)}-${this.#runs++}`
    const counted = { next: 0, made: 0, asked: 0 }
    const cpuBefore = cpuMsOfAll(this.#servers)
    const startedAt = performance.now()
    const deadline = startedAt + seconds * 1000
    const worker = async (_: unknown, index: number) => {
      const server = this.#servers[index % this.#servers.length]!
      const connection = new RawConnection(server.port)
      while (performance.now() < deadline) {
        const body = bodyOf(salt, counted.next)
        counted.next += ITEMS
        const reply = await post(connection, body)
        counted.asked += ITEMS
        counted.made += countMade(reply)
      }
      connection.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    const took = (performance.now() - startedAt) / 1000
    const cpuMicros = ((cpuMsOfAll(this.#servers) - cpuBefore) * 1000) / counted.made
    return {
      requests: counted.made,
      seconds: took,
      perSecond: counted.made / took,
      failures: counted.asked - counted.made,
      cpuMicros: Number.isNaN(cpuMicros) ? undefined : cpuMicros,
    }
  }
}

function bodyOf(salt: string, from: number): string {
  const links = Array.from({ length: ITEMS }, (_, i) => `{"url":"${newUrl(salt, from + i)}"}`)
  return `{"links":[${links.join()}]}`
}

function post(connection: RawConnection, body: string): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    connection.send(postText('/api/links/bulk', API_KEY, body), resolve)
  })
}

function countMade(reply: Reply | undefined): number {
  return reply?.status === 200 ? reply.body.split(MADE).length - 1 : 0
}
