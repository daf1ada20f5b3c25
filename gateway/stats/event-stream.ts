/**
 * One client that listens: what it is sent, and when it is sent no more.
 *
 * Used by the events route, which has sent the head of the answer. Nothing is taken from the feed before the
 * client has taken what it was sent, so a client holds PIECE_CHARS and what its socket takes. It is cut off
 * with a word if it takes nothing for SLOW_MS, or is so slow that what is new is no longer kept for it;
 * with its last id it goes on where it was. A heartbeat goes out every HEARTBEAT_MS, with the id up to which
 * nothing else was for this client.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../../links/clock.ts'
import { fits, type EventFilter, type LiveBatch, type ToldPlace } from './live-event.ts'
import type { LiveFeed } from './live-feed.ts'

export const HEARTBEAT_MS = 15_000
/** What clients are told to wait before they come back. */
const RETRY_MS = 2_000
export const SLOW_MS = 10_000
/** For the last word to arrive. */
const CUT_OFF_MS = 5_000
const PIECE_CHARS = 64 * 1024

/** Why a client is sent no more. */
const WORDS = {
  slow_reader: 'You read more slowly than things happen. Come back with Last-Event-ID.',
  key_ended: 'The key you came with was revoked or has expired.',
  shutting_down: 'The server is stopping. Come back with Last-Event-ID.',
} as const

export interface EventStreamOptions {
  readonly feed: Pick<LiveFeed, 'next' | 'isPast' | 'end'>
  readonly clock: Clock
  readonly filter: EventFilter
  /** Behind this one; undefined: what comes from now on. */
  readonly after: ToldPlace | undefined
  /** Aborted when the client's key opens nothing any more. */
  readonly ended?: AbortSignal
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Whoever stands between shall neither keep nor gather what comes.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

/** Answers with a stream, and resolves when the client has gone or was cut off. */
export async function streamEvents(
  reply: FastifyReply,
  options: EventStreamOptions,
): Promise<void> {
  const headers = { ...reply.getHeaders(), ...HEADERS }
  reply.hijack()
  const { raw } = reply
  try {
    if (raw.destroyed) return
    raw.writeHead(200, headers as Record<string, string>)
    await new EventStream(raw, options).run()
  } finally {
    if (!raw.writableEnded) raw.destroy()
  }
}

export class EventStream {
  readonly #options: EventStreamOptions
  readonly #out: Writable
  readonly #end = new AbortController()
  /** All batches up to it were sent, or were not for this client. */
  #position: number
  /** Whether the client has all up to #position and nothing behind it, so that it may be told so. */
  #isEven: boolean
  #cancelHeartbeat: () => void = () => {}

  constructor(out: Writable, options: EventStreamOptions) {
    this.#out = out
    this.#options = options
    const { position = 0, index } = options.after ?? {}
    // What is left of a batch that was told in part comes with the batch.
    this.#position = index === undefined ? position : Math.max(0, position - 1)
    this.#isEven = false
  }

  /** Resolves when the client has gone, or was cut off. */
  async run(): Promise<void> {
    const stop = () => this.#cutOff('shutting_down')
    this.#out.once('close', () => this.#end.abort())
    this.#out.on('error', () => {}) // Its close is what counts.
    this.#options.stopping.addEventListener('abort', stop, { once: true })
    const { ended } = this.#options
    const end = () => this.#cutOff('key_ended')
    ended?.addEventListener('abort', end, { once: true })
    this.#out.write(`retry: ${RETRY_MS}\n\n`)
    this.#beat()
    if (ended?.aborted === true) end()
    try {
      await this.#send()
    } finally {
      this.#cancelHeartbeat()
      this.#options.stopping.removeEventListener('abort', stop)
      ended?.removeEventListener('abort', end)
    }
  }

  async #send(): Promise<void> {
    const { feed, after } = this.#options
    const { signal } = this.#end
    // Whoever has been told what there was is to keep up with what comes.
    let isLive = after === undefined
    if (isLive) {
      this.#position = await feed.end()
      this.#isEven = true
      if (!signal.aborted) this.#out.write(this.#id)
    }
    while (!signal.aborted) {
      if (isLive && feed.isPast(this.#position)) return this.#cutOff('slow_reader')
      const { batches, upTo, hasGap } = await feed.next(this.#position, signal)
      if (hasGap) await this.#write(`event: gap\ndata: {"after":"${this.#position}"}\n\n`)
      for (const batch of batches) if (!(await this.#sendBatch(batch))) return
      this.#position = upTo
      this.#isEven = true
      isLive ||= !feed.isPast(upTo)
    }
  }

  /** By which a client comes back that has been told no event since. */
  get #id(): string {
    return this.#isEven ? `id: ${this.#position}\n\n` : '\n'
  }

  /** False: the client is sent no more. */
  async #sendBatch({ position, events }: LiveBatch): Promise<boolean> {
    const { after, filter } = this.#options
    let piece = ''
    this.#isEven = false
    for (const event of events) {
      const isKnown = after?.position === position && event.index <= (after.index ?? event.index)
      if (fits(filter, event) && !isKnown) piece += event.text
      if (piece.length < PIECE_CHARS) continue
      if (!(await this.#write(piece))) return false
      piece = ''
    }
    if (piece !== '' && !(await this.#write(piece))) return false
    this.#position = position
    this.#isEven = true
    return true
  }

  /** Waits until there is room for more. */
  async #write(piece: string): Promise<boolean> {
    const { signal } = this.#end
    if (signal.aborted) return false
    if (this.#out.write(piece)) return true
    const late = this.#options.clock.after(SLOW_MS, () => this.#cutOff('slow_reader'))
    await once(this.#out, 'drain', { signal }).catch(() => {})
    late()
    return !signal.aborted
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#options.clock.after(HEARTBEAT_MS, () => {
      if (!this.#out.writableNeedDrain) this.#out.write(`:\n${this.#id}`)
      this.#beat()
    })
  }

  #cutOff(code: keyof typeof WORDS): void {
    if (this.#end.signal.aborted) return
    this.#end.abort()
    const data = JSON.stringify({ code, detail: WORDS[code] })
    this.#out.end(`event: error\ndata: ${data}\n\n`)
    this.#options.clock.after(CUT_OFF_MS, () => this.#out.destroy())
  }
}
