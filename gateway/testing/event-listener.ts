/** A client of server-sent events, for tests: takes events one by one. */
import { KEY } from './test-gateway.ts'

export interface HeardEvent {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export class EventListener {
  readonly headers: Headers
  readonly #text: AsyncIterator<string>
  #rest = ''
  /** Everything that came. */
  heard = ''

  private constructor(response: Response) {
    this.headers = response.headers
    this.#text = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
  }

  static async listen(
    port: number,
    query = '',
    headers: Record<string, string> = {},
    signal?: AbortSignal,
    path = '/api/events',
  ): Promise<EventListener> {
    const response = await fetch(`http://127.0.0.1:${port}${path}${query}`, {
      headers: { 'x-api-key': KEY, ...headers },
      ...(signal && { signal }),
    })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    return new EventListener(response)
  }

  /** The next block that holds data; undefined: the stream has ended. */
  async next(): Promise<HeardEvent | undefined> {
    for (;;) {
      const block = await this.block()
      if (block === undefined) return undefined
      const fields = new Map(
        block.split('\n').map((line) => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)]),
      )
      const data = fields.get('data')
      if (data === undefined) continue
      const parsed = JSON.parse(data) as HeardEvent['data']
      return { id: fields.get('id') ?? '', event: fields.get('event')!, data: parsed }
    }
  }

  async take(count: number): Promise<HeardEvent[]> {
    const events: HeardEvent[] = []
    while (events.length < count) events.push((await this.next())!)
    return events
  }

  /** The next lines up to an empty one. */
  async block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n')
      if (end !== -1) {
        const block = this.#rest.slice(0, end)
        this.#rest = this.#rest.slice(end + 2)
        return block
      }
      const { done, value } = await this.#text.next()
      if (done === true) return undefined
      this.#rest += value
      this.heard += value
    }
  }
}
