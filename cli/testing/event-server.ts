/**
 * A stand-in for Tinygrid in the tests of the clicks command: events by number, from the place that is asked for.
 *
 * A connection is told what there is and then left open, or closed after a few events.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { closeAtOnce, listenLocally } from './local-server.ts'
import { KEY } from './small-server.ts'

export class EventServer {
  /** Events that there are: 1-0, 2-0 and so on. */
  events = 0
  /** Oldest that can still be told. */
  first = 1
  /** After so many events a connection is cut; undefined: it is left open. */
  cutAfter: number | undefined
  /** Answered to the coming requests, one each, instead of events. */
  readonly statuses: number[] = []
  /** Query strings that were asked. */
  readonly asked: string[] = []
  readonly #server = createServer((request, response) => this.#answer(request, response))

  listen(): Promise<string> {
    return listenLocally(this.#server)
  }

  close(): Promise<void> {
    return closeAtOnce(this.#server)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams } = new URL(request.url!, 'http://here')
    this.asked.push(searchParams.toString())
    const status = request.headers['x-api-key'] === KEY ? this.statuses.shift() : 401
    if (status !== undefined) {
      response.writeHead(status, { 'retry-after': '0' }).end('{}')
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const after = Number(searchParams.get('after')?.split('-')[0] ?? this.events)
    response.write(`retry: 2000\n\nid: ${after}\n\n`)
    if (after + 1 < this.first) response.write(`event: gap\ndata: {"after":"${after}"}\n\n`)
    const from = Math.max(after + 1, this.first)
    const to = Math.min(this.events, from + (this.cutAfter ?? Infinity) - 1)
    for (let n = from; n <= to; n++) {
      response.write(`id: ${n}-0\nevent: click\ndata: {"code":"c${n}"}\n\n`)
    }
    response.write(`:\nid: ${Math.max(to, after)}\n\n`)
    if (this.cutAfter !== undefined && to < this.events) response.end()
  }
}
