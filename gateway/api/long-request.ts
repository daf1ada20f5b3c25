/**
 * Routes whose answers are long work: their requests are admitted before the body is read.
 *
 * A request has its place until it is answered, or its connection closes before that begins. Whoever
 * answers it is told when its client has gone, and may end early; the place is kept until then.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LongWork, Place } from '../../links/long-work.ts'

export class LongRequests {
  readonly #work: LongWork
  readonly #bodyBytesMax: number
  /** Of requests that are not being answered yet. */
  readonly #places = new WeakMap<FastifyRequest, { place: Place; gone: AbortController }>()

  /** @param bodyBytesMax what a request of this route may send; 0: nothing */
  constructor(work: LongWork, bodyBytesMax: number) {
    this.#work = work
    this.#bodyBytesMax = bodyBytesMax
  }

  /** For the route's `onRequest`. */
  readonly admit = (request: FastifyRequest, reply: FastifyReply, done: (e?: Error) => void) => {
    try {
      const place = this.#work.admit(this.#bytesOf(request))
      const gone = new AbortController()
      this.#places.set(request, { place, gone })
      reply.raw.once('close', () => {
        gone.abort()
        this.#places.get(request)?.place.leave()
      })
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  /** Answers a request that was admitted. The signal is aborted when its client has gone. */
  async answer<T>(
    request: FastifyRequest,
    answer: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { place, gone } = this.#places.get(request)!
    this.#places.delete(request)
    try {
      return await answer(gone.signal)
    } finally {
      place.leave()
    }
  }

  /** A body that does not tell its length may be as long as is allowed. */
  #bytesOf({ headers }: FastifyRequest): number {
    const length = Number(headers['content-length'])
    return Math.min(Number.isNaN(length) ? this.#bodyBytesMax : length, this.#bodyBytesMax)
  }
}
