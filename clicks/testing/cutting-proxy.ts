/** A proxy of HTTP for tests, which cuts off one request: before the server has it, or before its answer is told. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Cut {
  /** Which request, from 1. */
  readonly number: number
  readonly where: 'request' | 'answer'
}

export class CuttingProxy {
  readonly #server: Server
  readonly #target: string
  #cut: Cut | undefined
  #seen = 0

  private constructor(target: string) {
    this.#target = target
    this.#server = createServer((incoming, answer) => {
      const cut = this.#cut?.number === ++this.#seen ? this.#cut.where : undefined
      if (cut === 'request') return void incoming.socket.destroy()
      const options = { method: incoming.method, headers: incoming.headers }
      const outgoing = request(new URL(incoming.url!, this.#target), options, (got) => {
        if (cut === 'answer') return void got.on('end', () => incoming.socket.destroy()).resume()
        answer.writeHead(got.statusCode!, got.headers)
        got.pipe(answer)
      })
      outgoing.on('error', () => incoming.socket.destroy())
      incoming.pipe(outgoing)
    })
  }

  static async start(target: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Requests since the last cut was set. */
  get seen(): number {
    return this.#seen
  }

  /** From now on requests are counted anew. */
  set(cut: Cut | undefined): void {
    this.#cut = cut
    this.#seen = 0
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
