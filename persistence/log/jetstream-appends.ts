/**
 * Messages to a JetStream stream whose acknowledgements are awaited.
 *
 * Used by `jetstream-log.ts` for the appends of all partitions. One subscription takes all answers,
 * one timer finds what has waited too long. Rejects with a NatsError as the driver's own `publish`
 * does. Where nobody hears a message, the leader of its stream is gone, and with it the answers to what
 * was sent to that stream before: these are not waited for either. The driver's is rejected for what it costs: two timers, four promises and an Error with its stack
 * for each message, also where all goes well, which is more than all the rest of an append.
 */
import { ErrorCode, headers, NatsError } from 'nats'
import type { ApiError, Msg, NatsConnection, Subscription } from 'nats'
import { isUnheard, newInbox } from '../../cluster/nats/nats-connection.ts'

interface Awaited {
  readonly resolve: (sequence: number) => void
  readonly reject: (error: unknown) => void
  readonly stream: string
  readonly order: number
  readonly until: number
}

interface Acknowledgement {
  readonly seq?: number
  readonly error?: ApiError
}

const TIMEOUT_MS = 2_000
/** A message keeps it among its headers. */
export const EXPECTED_LAST = 'Nats-Expected-Last-Subject-Sequence'
/** What the server says for a subject that nobody listens to. */
const NO_RESPONDERS = 503

export class JetStreamAppends {
  readonly #connection: NatsConnection
  readonly #timeoutMs: number
  readonly #inbox: string
  readonly #answers: Subscription
  /** By the last part of the subject that the answer goes to. Invariant: in order of `until`. */
  readonly #awaited = new Map<string, Awaited>()
  #sent = 0
  #timer: NodeJS.Timeout | undefined

  /** @param timeoutMs how long an acknowledgement is awaited */
  constructor(connection: NatsConnection, timeoutMs = TIMEOUT_MS) {
    this.#connection = connection
    this.#inbox = newInbox(connection)
    this.#timeoutMs = timeoutMs
    this.#answers = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message)
      },
    })
  }

  /** Resolves with the sequence that the message has in the stream. */
  append(subject: string, payload: Uint8Array, expectedLast: number): Promise<number> {
    const order = this.#sent++
    const token = order.toString(36)
    const options = { headers: headers(), reply: `${this.#inbox}.${token}` }
    options.headers.set(EXPECTED_LAST, String(expectedLast))
    return new Promise((resolve, reject) => {
      // Throws, and so rejects, where nothing can be sent.
      this.#connection.publish(subject, payload, options)
      const until = performance.now() + this.#timeoutMs
      this.#awaited.set(token, { resolve, reject, stream: streamOf(subject), order, until })
      this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs)
    })
  }

  /** Nothing is under way any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#answers.unsubscribe()
  }

  #take(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1)
    const awaited = this.#awaited.get(token)
    // One that has been given up.
    if (awaited === undefined) return
    this.#awaited.delete(token)
    try {
      awaited.resolve(sequenceOf(message))
    } catch (error) {
      awaited.reject(error)
      if (isUnheard(error)) this.#abandonBefore(awaited)
    }
  }

  /** What a leader has answered has come before it is known here that it is gone. */
  #abandonBefore({ stream, order }: Awaited): void {
    for (const [token, earlier] of this.#awaited) {
      if (earlier.order > order) return
      if (earlier.stream !== stream) continue
      this.#awaited.delete(token)
      earlier.reject(NatsError.errorForCode(ErrorCode.Timeout))
    }
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [token, { reject, until }] of this.#awaited) {
      if (until > now) {
        this.#timer = setTimeout(() => this.#expire(), until - now)
        return
      }
      this.#awaited.delete(token)
      reject(NatsError.errorForCode(ErrorCode.Timeout))
    }
  }
}

/** Tells streams apart: in none of them do subjects differ in more than their last part. */
function streamOf(subject: string): string {
  return subject.slice(0, subject.lastIndexOf('.'))
}

/** @throws NatsError that the message was refused */
function sequenceOf(message: Msg): number {
  if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
    throw NatsError.errorForCode(ErrorCode.NoResponders)
  }
  const { seq, error } = message.json<Acknowledgement>()
  if (error === undefined && seq !== undefined) return seq
  const refusal = new NatsError(error?.description ?? 'no acknowledgement', String(error?.code))
  if (error !== undefined) refusal.api_error = error
  throw refusal
}
