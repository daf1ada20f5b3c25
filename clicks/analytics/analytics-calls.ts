/**
 * Analytics as calls that can be sent: each with a name and parameters, answered by one value.
 *
 * `AnalyticsCalls` answers them over an Analytics; `remoteAnalytics` is an Analytics that makes them.
 * Used between a node and its analytics process, and between nodes. Visits are pulled: `open` gives a
 * number, `next` a piece or null at the end, `close` breaks off, also what is under way for a piece. Whoever
 * opens and goes away is forgotten after STREAM_IDLE_MS; no more than STREAMS_MAX are open.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { answerDeskCall, type DeskCall, type HookDesks } from '../hooks/hook-desks.ts'
import type { Question, VisitsQuestion } from '../store/question.ts'
import type { Analytics, StreamFormat } from './analytics.ts'

/** Longer than a gateway lets a client read nothing (`unreadTimeoutMs`). */
const STREAM_IDLE_MS = 180_000
export const STREAMS_MAX = 16
/** As long as the slowest question may take that somebody still waits for. */
const CALL_MS_MAX = 30_000
const STATUS_MS_MAX = 2_000
/** Calls that are answered at a time. */
export const CALLS_MAX = 256

/** Of each call its parameters and its value. */
export interface CallTypes {
  ask: [[Question], Awaited<ReturnType<Analytics['ask']>>]
  clicksOf: [[readonly Code[]], ReadonlyMap<Code, number>]
  mostClicked: [[number, number], readonly { code: Code; clicks: number }[]]
  deleted: [[string], number]
  status: [[], Awaited<ReturnType<Analytics['status']>>]
  open: [[VisitsQuestion, StreamFormat, number], number]
  next: [[number], Uint8Array | null]
  close: [[number], null]
  desk: [DeskCall, unknown]
}
export type CallName = keyof CallTypes
export type CallParams<Name extends CallName = CallName> = CallTypes[Name][0]
export type CallValue<Name extends CallName = CallName> = CallTypes[Name][1]

/** Makes a call. Rejects with TinygridError. @param signal aborted: nobody waits for the value any more */
export type AnalyticsCall = <Name extends CallName>(
  name: Name,
  params: CallParams<Name>,
  signal?: AbortSignal,
) => Promise<CallValue<Name>>

interface OpenStream {
  readonly pieces: AsyncIterator<Uint8Array>
  /** Ends what is under way for the next piece. */
  readonly gone: AbortController
  /** Ends the wait for the one who reads. */
  cancel: () => void
}

export class AnalyticsCalls {
  readonly #analytics: Analytics
  readonly #clock: Clock
  readonly #desks: () => HookDesks | undefined
  readonly #streams = new Map<number, OpenStream>()
  #opened = 0
  #underWay = 0

  /** @param desks undefined: webhooks and reports are not run here */
  constructor(
    analytics: Analytics,
    clock: Clock,
    desks: () => HookDesks | undefined = () => undefined,
  ) {
    this.#desks = desks
    this.#analytics = analytics
    this.#clock = clock
  }

  /** @throws TinygridError; overloaded if too much is asked at a time */
  async call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    signal?: AbortSignal,
  ): Promise<CallValue<Name>> {
    if (this.#underWay >= CALLS_MAX) throw new TinygridError('overloaded')
    this.#underWay++
    try {
      return await this.#answers[name](params, signal)
    } finally {
      this.#underWay--
    }
  }

  /** Breaks off what is open. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams.keys()].map((id) => this.#end(id)))
  }

  readonly #answers: {
    [Name in CallName]: (
      params: CallParams<Name>,
      signal: AbortSignal | undefined,
    ) => Promise<CallValue<Name>>
  } = {
    ask: ([question], signal) => this.#analytics.ask(question, signal),
    clicksOf: ([codes]) => this.#analytics.clicksOf(codes),
    mostClicked: ([offset, limit]) => this.#analytics.mostClicked(offset, limit),
    deleted: ([id]) => this.#analytics.deleted(id),
    status: () => this.#analytics.status(),
    open: async (params) => this.#open(...params),
    next: ([id]) => this.#next(id),
    close: async ([id]) => {
      await this.#end(id)
      return null
    },
    desk: (call) => answerDeskCall(this.#desks(), call),
  }

  #open(question: VisitsQuestion, format: StreamFormat, limit: number): number {
    if (this.#streams.size >= STREAMS_MAX) {
      throw new TinygridError('overloaded', { detail: 'Too many exports of visits are under way' })
    }
    const gone = new AbortController()
    const visits = this.#analytics.visits(question, format, limit, gone.signal)
    const id = ++this.#opened
    const pieces = visits[Symbol.asyncIterator]()
    this.#streams.set(id, { pieces, gone, cancel: this.#idle(id) })
    return id
  }

  async #next(id: number): Promise<Uint8Array | null> {
    const stream = this.#streams.get(id)
    if (stream === undefined) throw ended()
    stream.cancel()
    try {
      const { done, value } = await stream.pieces.next()
      if (done === true) this.#streams.delete(id)
      else if (this.#streams.has(id)) stream.cancel = this.#idle(id)
      return done === true ? null : value
    } catch (error) {
      this.#streams.delete(id)
      throw error
    }
  }

  /** Returns what cancels it. */
  #idle(id: number): () => void {
    return this.#clock.after(STREAM_IDLE_MS, () => void this.#end(id))
  }

  async #end(id: number): Promise<void> {
    const stream = this.#streams.get(id)
    this.#streams.delete(id)
    stream?.cancel()
    stream?.gone.abort()
    // It was not read to its end: how that ends is nobody's concern.
    await stream?.pieces.return?.().catch(() => {})
  }
}

function ended(): TinygridError {
  return new TinygridError('analytics_unavailable', { detail: 'The export was broken off' })
}

/** What a call rejects with whose signal is aborted: for nobody. */
export function givenUp(): TinygridError {
  const detail = 'Nobody waits for the answer any more'
  return new TinygridError('analytics_unavailable', { detail })
}

/** How long the value of a call is waited for, in milliseconds. */
export function patienceFor(name: CallName): number {
  return name === 'status' ? STATUS_MS_MAX : CALL_MS_MAX
}

/** @param callOf for each use; a stream goes on with the call that it began with */
export function remoteAnalytics(
  call: AnalyticsCall,
  openStream: () => AnalyticsCall = () => call,
): Analytics {
  return {
    ask: (question, signal) => call('ask', [question], signal),
    visits: (question, format, limit, signal) =>
      pulled(openStream(), [question, format, limit], signal),
    clicksOf: (codes) => call('clicksOf', [codes]),
    mostClicked: (offset, limit) => call('mostClicked', [offset, limit]),
    deleted: (id) => call('deleted', [id]),
    status: () => call('status', []),
  }
}

/** One piece ahead of the reader. */
async function* pulled(
  call: AnalyticsCall,
  params: CallParams<'open'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const id = await call('open', params)
  let isOpen = true
  const close = () => {
    if (isOpen) void call('close', [id]).catch(() => {})
    isOpen = false
  }
  // At once: this generator is left only after the piece for which it waits.
  signal?.addEventListener('abort', close, { once: true })
  if (signal?.aborted === true) close()
  const next = async () => {
    const piece = await call('next', [id])
    if (piece === null) isOpen = false
    return piece
  }
  try {
    let ahead = next()
    for (;;) {
      const piece = await ahead
      if (piece === null) return
      ahead = next()
      ahead.catch(() => {}) // told when it is asked for
      yield piece
    }
  } finally {
    signal?.removeEventListener('abort', close)
    close()
  }
}
