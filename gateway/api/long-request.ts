/**
 * Routes whose answers are long work: their requests are admitted before the body is read.
 *
 * A request has its place until it is answered, or its connection closes before that begins. What
 * its client has left is finished all the same, so the place is kept until then: who hangs up and
 * asks again has two.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LongWork, Place } from '../../links/long-work.ts'

export class LongRequests {
  readonly #work: LongWork
  readonly #bodyBytesMax: number
  /** Of requests that are not being answered yet. */
  readonly #places = new WeakMap<FastifyRequest, Place>()

  /** @param bodyBytesMax what a request of this route may send; 0: nothing */
  constructor(work: LongWork, bodyBytesMax: number) {
    this.#work = work
    this.#bodyBytesMax = bodyBytesMax
  }

  /** For the route's `onRequest`. */
  readonly admit = (request: FastifyRequest, reply: FastifyReply, done: (e?: Error) => void) => {
    try {
      const place = this.#work.admit(this.#bytesOf(request))
      this.#places.set(request, place)
      reply.raw.once('close', () => this.#places.get(request)?.leave())
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  /** Answers a request that was admitted. */
  async answer<T>(request: FastifyRequest, answer: () => Promise<T>): Promise<T> {
    const place = this.#places.get(request)!
    this.#places.delete(request)
    try {
      return await answer()
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
