/**
 * Server-sent events, read from the body of a `fetch`: text in pieces in, whole events out.
 *
 * Used by `use-live-clicks.ts`. Rejected: `EventSource`, which can send no header, so that the key
 * would stand in the address, in logs and histories. An event that never ends is given up, so that
 * what is kept is bounded.
 */

export interface ServerEvent {
  readonly name: string
  readonly data: string
  /** The last id that came, of this or of an earlier event. */
  readonly id: string
}

const EVENT_LENGTH_MAX = 262_144

export class EventReader {
  #rest = ''
  #name = ''
  #data: string[] = []
  #id: string
  #lastId: string

  /** @param id of the last event that was read on the connection before */
  constructor(id = '') {
    this.#id = this.#lastId = id
  }

  /** Where the stream is: also of a block that had an id and no event. */
  get lastId(): string {
    return this.#lastId
  }

  /** The events that are whole with this piece. */
  read(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()!
    if (this.#rest.length > EVENT_LENGTH_MAX) throw new Error('An event is too long')
    return lines.flatMap((line) => this.#line(line))
  }

  #line(line: string): ServerEvent[] {
    if (line === '') return this.#end()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    if (field === 'event') this.#name = value
    if (field === 'id' && !value.includes('\0')) this.#id = value
    return []
  }

  #end(): ServerEvent[] {
    const event = { name: this.#name || 'message', data: this.#data.join('\n'), id: this.#id }
    const isThere = this.#data.length > 0
    this.#lastId = this.#id
    this.#name = ''
    this.#data = []
    return isThere ? [event] : []
  }
}
