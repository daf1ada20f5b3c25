/**
 * Analytics of other nodes, asked over NATS, and this node's own for the others.
 *
 *   <namespace>.analytics.ask         one of those that answer, whichever
 *   <namespace>.analytics.all         each of those that answer: whether a deletion has reached every copy
 *   <namespace>.analytics.node.<id>   the one that has opened an export
 *   <namespace>.analytics.desk        the one that runs webhooks and reports
 *   <namespace>.analytics.cancel      whichever is answering: nobody waits for it any more
 *
 * A node listens only while its own process answers, so the server hands no question to one that cannot.
 * Answers are one message of at most MESSAGE_BYTES_MAX; exports are pulled piece by piece. What cannot be
 * understood is refused with bad_request and counted, as all messages between nodes.
 */
import { randomUUID } from 'node:crypto'
import {
  headers,
  RequestStrategy,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from 'nats'
import { namesOf } from '../../cluster/nats/namespace.ts'
import type { RefusedInput } from '../../cluster/refused-input.ts'
import { Malformed } from '../../cluster/stored-value.ts'
import type { Clock } from '../../links/clock.ts'
import { ERRORS, TinygridError, type ErrorCode } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import { remoteDesks, type HookDesks } from '../hooks/hook-desks.ts'
import type { Analytics } from './analytics.ts'
import { AnalyticsCalls, givenUp, remoteAnalytics, type AnalyticsCall } from './analytics-calls.ts'
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_BYTES_MAX,
  parseRequest,
  type SentRequest,
} from './analytics-message.ts'

const CALL_MS_MAX = 35_000
const QUEUE = 'analytics'
/** What an answer is, told beside it: bytes, JSON, or the code of an error. */
const KIND = 'kind'
const NODE = 'node'
const FIELD = 'field'
const BYTES = 'bytes'
/** Of a question that may be cancelled; nobody else knows it. */
const ID = 'id'
const JSON_KIND = 'json'

export interface NatsAnalyticsOptions {
  readonly connection: NatsConnection
  readonly namespace: string
  readonly nodeId: NodeId
  /** How many nodes hold a copy, of those that live. */
  readonly copies: () => number
  readonly refused: RefusedInput
  /** How long an answer is waited for; longer than a question may take. */
  readonly waitMs?: number
  readonly clock: Clock
}

export class NatsAnalytics {
  readonly #options: NatsAnalyticsOptions
  readonly #prefix: string
  #calls: AnalyticsCalls | undefined
  /** Of questions that are being answered here: aborted when nobody waits any more. */
  readonly #answering = new Map<string, AbortController>()
  #subscriptions: Subscription[] = []
  #desk: Subscription | undefined

  constructor(options: NatsAnalyticsOptions) {
    this.#options = options
    this.#prefix = `${namesOf(options.namespace).subjectPrefix}.analytics`
  }

  /** Of all nodes; the own one is asked as any other. */
  get analytics(): Analytics {
    const ask: AnalyticsCall = async (name, params, signal) => {
      const { value } = await this.#ask(`${this.#prefix}.ask`, { name, params }, signal)
      return value
    }
    const remote = remoteAnalytics(ask, () => this.#stream())
    return { ...remote, deleted: (id) => this.#askAll({ name: 'deleted', params: [id] }) }
  }

  /** Answers others by `analytics` until told otherwise. */
  listen(analytics: Analytics): void {
    const { connection, nodeId, clock } = this.#options
    if (this.#calls !== undefined) return
    this.#calls = new AnalyticsCalls(analytics, clock)
    const callback = (error: Error | null, message: Msg) => {
      if (error === null) void this.#answer(message, this.#calls)
    }
    this.#subscriptions = [
      connection.subscribe(`${this.#prefix}.ask`, { queue: QUEUE, callback }),
      connection.subscribe(`${this.#prefix}.all`, { callback }),
      connection.subscribe(`${this.#prefix}.node.${nodeId}`, { callback }),
      connection.subscribe(this.#cancelSubject, {
        callback: (error, { headers: about }) => {
          if (error === null) this.#answering.get(about?.get(ID) ?? '')?.abort()
        },
      }),
    ]
  }

  /** Nothing is asked here any more. */
  async deafen(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe()
    const calls = this.#calls
    this.#calls = undefined
    await calls?.close()
  }

  /** Those of the process that runs them, wherever that is. */
  get desks(): HookDesks {
    const subject = `${this.#prefix}.desk`
    return remoteDesks(
      async (call) => (await this.#ask(subject, { name: 'desk', params: call })).value,
    )
  }

  /** While webhooks and reports run here, others ask this node. undefined: they do not. */
  listenAtDesk(own: { analytics: Analytics; desks: HookDesks } | undefined): void {
    if ((own === undefined) === (this.#desk === undefined)) return
    this.#desk?.unsubscribe()
    this.#desk = undefined
    if (own === undefined) return
    const { connection, clock } = this.#options
    const calls = new AnalyticsCalls(own.analytics, clock, () => own.desks)
    this.#desk = connection.subscribe(`${this.#prefix}.desk`, {
      callback: (error, message) => {
        if (error === null) void this.#answer(message, calls)
      },
    })
  }

  get #cancelSubject(): string {
    return `${this.#prefix}.cancel`
  }

  async #answer(message: Msg, calls: AnalyticsCalls | undefined): Promise<void> {
    const id = message.headers?.get(ID) ?? ''
    const gone = new AbortController()
    // Before anything is waited for: its cancelling may be next.
    if (id !== '') this.#answering.set(id, gone)
    const about = headers()
    about.set(NODE, this.#options.nodeId)
    let payload: Uint8Array
    try {
      const { name, params } = await this.#read(message)
      if (calls === undefined) throw new TinygridError('analytics_unavailable')
      const value = await calls.call(name, params, gone.signal)
      about.set(KIND, value instanceof Uint8Array ? BYTES : JSON_KIND)
      payload = value instanceof Uint8Array ? value : await encodeMessage(value ?? null)
      if (payload.length > MESSAGE_BYTES_MAX) throw tooLarge()
    } catch (error) {
      const isTold = error instanceof TinygridError
      about.set(KIND, isTold ? error.code : 'internal')
      if (isTold && error.field !== undefined) about.set(FIELD, error.field)
      payload = await encodeMessage(isTold ? error.message : ERRORS.internal.title)
    } finally {
      this.#answering.delete(id)
    }
    try {
      message.respond(payload, { headers: about })
    } catch {
      // The connection is gone: whoever asked gives up by itself.
    }
  }

  /** @throws TinygridError bad_request */
  async #read({ data, subject }: Msg): Promise<SentRequest> {
    try {
      return parseRequest(await decodeMessage(data))
    } catch (cause) {
      const why = cause instanceof Malformed ? cause.message : 'it is no message'
      this.#options.refused.note('message', `a question about clicks: ${why}`, `, on ${subject}`)
      throw new TinygridError('bad_request', { cause })
    }
  }

  async #ask(
    subject: string,
    request: SentRequest,
    signal?: AbortSignal,
  ): Promise<{ value: unknown; node: string | undefined }> {
    const payload = await encodeMessage(request)
    if (payload.length > MESSAGE_BYTES_MAX) throw tooLarge()
    if (signal?.aborted === true) throw givenUp()
    const { connection, waitMs = CALL_MS_MAX } = this.#options
    const about = headers()
    about.set(ID, randomUUID())
    const gone = Promise.withResolvers<never>()
    const onAbort = () => {
      publish(connection, this.#cancelSubject, about)
      gone.reject(givenUp())
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const asked = connection.request(subject, payload, { timeout: waitMs, headers: about })
    try {
      const answer = await Promise.race([asked, gone.promise])
      return { value: await valueOf(answer), node: answer.headers?.get(NODE) }
    } catch (cause) {
      if (cause instanceof TinygridError) throw cause
      throw new TinygridError('analytics_unavailable', { cause })
    } finally {
      signal?.removeEventListener('abort', onAbort)
      asked.catch(() => {}) // of one that was given up
    }
  }

  /** Goes on with the node that opened it. */
  #stream(): AnalyticsCall {
    let subject = `${this.#prefix}.ask`
    return async (name, params, signal) => {
      const { value, node } = await this.#ask(subject, { name, params }, signal)
      if (name === 'open') subject = `${this.#prefix}.node.${node}`
      return value
    }
  }

  /** Every copy that lives, or an error. Gives the largest count. */
  async #askAll(request: SentRequest): Promise<number> {
    const copies = this.#options.copies()
    const payload = await encodeMessage(request)
    const { connection, waitMs = CALL_MS_MAX } = this.#options
    const options = { strategy: RequestStrategy.Count, maxWait: waitMs, maxMessages: copies }
    let deleted = 0
    let answers = 0
    try {
      for await (const answer of await connection.requestMany(
        `${this.#prefix}.all`,
        payload,
        options,
      )) {
        deleted = Math.max(deleted, (await valueOf(answer)) as number)
        answers++
      }
    } catch (cause) {
      throw new TinygridError('analytics_unavailable', { cause })
    }
    if (copies > 0 && answers >= copies) return deleted
    const detail = `Clicks were deleted in ${answers} of ${copies} copies so far`
    throw new TinygridError('analytics_unavailable', { detail })
  }
}

/** @throws TinygridError */
async function valueOf(answer: Msg): Promise<unknown> {
  const kind = answer.headers?.get(KIND)
  if (kind === BYTES) return answer.data
  const value = await decodeMessage(answer.data).catch((cause: unknown) => {
    throw new TinygridError('analytics_unavailable', { cause })
  })
  if (kind === JSON_KIND) return value
  const code = Object.hasOwn(ERRORS, kind ?? '') ? (kind as ErrorCode) : 'analytics_unavailable'
  const field = answer.headers?.get(FIELD)
  throw new TinygridError(code, { detail: String(value), ...(field ? { field } : {}) })
}

/** On a connection that may be gone: then so is who would hear it. */
function publish(connection: NatsConnection, subject: string, about: MsgHdrs): void {
  try {
    connection.publish(subject, new Uint8Array(), { headers: about })
  } catch {}
}

function tooLarge(): TinygridError {
  const detail = 'The answer is too large for a message between nodes; ask for less'
  return new TinygridError('analytics_unavailable', { detail })
}
