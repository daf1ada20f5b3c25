/**
 * Requests to streams in NATS whose answers are awaited.
 *
 * Used by the log and by the bucket. Ends the wait at once where it is known that no answer will come: the
 * connection is lost, or a leader is gone (`abandon`). What was asked may have been done all the same. Tells
 * of requests that got no answer, so that somebody may call an election. A question that changes nothing is
 * asked again after a while, for one that met no leader is answered by nobody, and its answer would be
 * waited for long after another has been elected.
 */
import { ErrorCode, NatsError, type NatsConnection } from 'nats'
import { isUnheard, onDisconnect, type OnUnanswered } from './nats-connection.ts'

const TIMEOUT: string = ErrorCode.Timeout
/** After which a question is asked again; a server that is well answers sooner. */
const AGAIN_MS = 300

export class NatsRequests {
  /** And how to end the wait for each. */
  readonly #inFlight = new Map<Promise<unknown>, (error: Error) => void>()
  readonly #onUnanswered: OnUnanswered
  readonly #stopListening: () => void

  constructor(connection: NatsConnection, onUnanswered: OnUnanswered = () => {}) {
    this.#onUnanswered = onUnanswered
    this.#stopListening = onDisconnect(connection, () => this.abandon())
  }

  /** The request's outcome; where it is given up before, that. */
  async run<T>(request: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    request.then(resolve, reject)
    this.#inFlight.set(promise, reject)
    try {
      return await promise
    } catch (error) {
      if (isUnheard(error) || isTimeout(error)) this.#onUnanswered()
      throw error
    } finally {
      this.#inFlight.delete(promise)
    }
  }

  /** The first answer to a question, which is asked again and again while the first time may be answered. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const again = () => {
      question().then(resolve, (error: unknown) => isTimeout(error) || reject(error as Error))
    }
    const timer = setInterval(again, AGAIN_MS)
    question().then(resolve, reject)
    return this.run(promise).finally(() => clearInterval(timer))
  }

  /** Nothing that is under way will be answered. */
  abandon(): void {
    for (const reject of this.#inFlight.values()) {
      reject(NatsError.errorForCode(ErrorCode.Disconnect))
    }
  }

  /** When all have ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#inFlight.keys())
    this.#stopListening()
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof NatsError && error.code === TIMEOUT
}
