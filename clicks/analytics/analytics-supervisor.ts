/**
 * The analytics process as its node sees it: started, watched, asked, started again when it dies.
 *
 * Used by a node that is to have one; it is that node's `Analytics`. While the process does not answer,
 * questions are refused with analytics_unavailable: the node goes on. A process that has said nothing for
 * SILENCE_MS_MAX is replaced. `close` lets it store what the click log has.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { BackOff } from '../../persistence/back-off.ts'
import { remoteDesks, type HookDesks } from '../hooks/hook-desks.ts'
import type { Analytics } from './analytics.ts'
import {
  CALLS_MAX,
  givenUp,
  patienceFor,
  remoteAnalytics,
  type CallName,
  type CallParams,
  type CallValue,
} from './analytics-calls.ts'
import type {
  AnalyticsNumbers,
  AnalyticsSettings,
  FromAnalytics,
  ToAnalytics,
} from './analytics-ipc.ts'
import { takeSpan } from './told-spans.ts'

/** Of what went wrong, as it is told in one line. */
const ERROR_LENGTH_MAX = 300
/** Without a word from a process: it hangs. Long, as it runs only when others leave it a processor. */
const SILENCE_MS_MAX = 60_000
/** A process that lived this long did not fail at its start. */
const STEADY_MS = 30_000

/** A process, as far as it is to be told and heard. */
export interface AnalyticsChild {
  /** Left out where there is no process. */
  readonly pid?: number | undefined
  send(message: ToAnalytics): unknown
  kill(signal: 'SIGKILL'): unknown
  onMessage(listener: (message: FromAnalytics) => void): unknown
  onExit(listener: () => void): unknown
}

export interface AnalyticsSupervisorOptions {
  readonly settings: AnalyticsSettings
  readonly fork: () => AnalyticsChild
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly onLog: (level: 'info' | 'warn' | 'error', what: string, detail?: string) => void
  /** Told when questions begin to be answered, and when they no longer are. */
  readonly onReady?: (isReady: boolean, leadsHooks: boolean) => void
}

interface Pending {
  readonly resolve: (value: CallValue) => void
  readonly reject: (error: TinygridError) => void
  readonly cancel: () => void
}

interface Running {
  readonly child: AnalyticsChild
  readonly startedAt: number
  readonly ended: Promise<void>
  numbers: AnalyticsNumbers | undefined
  heardAt: number
}

/** The codes that have each of these tags now. */
export type CodesOfTags = (
  tags: readonly string[] | 'all',
) => Promise<ReadonlyMap<string, readonly Code[]>>

type Told<Type extends FromAnalytics['type']> = Extract<FromAnalytics, { type: Type }>

export class AnalyticsSupervisor implements Analytics {
  readonly #options: AnalyticsSupervisorOptions
  readonly #backOff: BackOff
  readonly #pending = new Map<number, Pending>()
  readonly #remote: Analytics
  /** Webhooks and reports, which the process runs. */
  readonly desks: HookDesks
  #running: Running | undefined
  #asked = 0
  #isClosing = false
  #isReady = false
  #leadsHooks = false
  /** Of the processes that have ended. */
  #earlier = { stored: 0, lost: 0, undecodable: 0 }
  #countedTo: number | undefined
  #lastError: string | null = null
  #codesOfTags: CodesOfTags = () => Promise.resolve(new Map())
  #cancel: () => void = () => {}

  constructor(options: AnalyticsSupervisorOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.random)
    this.#remote = remoteAnalytics((...call) => this.#call(...call))
    this.desks = remoteDesks((call) => this.#call('desk', call))
  }

  /** @param codesOfTags asked for reports about tags */
  start(codesOfTags: CodesOfTags): void {
    this.#codesOfTags = codesOfTags
    this.#begin()
  }

  #begin(): void {
    const { clock, fork, settings } = this.#options
    const child = fork()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const startedAt = clock.now()
    const running: Running = { child, startedAt, ended, numbers: undefined, heardAt: startedAt }
    this.#running = running
    child.onMessage((message) => {
      if (this.#running === running) this.#hear(running, message)
    })
    child.onExit(() => {
      resolve()
      if (this.#running === running) this.#lose(running)
    })
    send(child, { type: 'start', settings, countedTo: this.#countedTo })
    this.#watch(running)
  }

  /** Whether questions are answered. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** What went wrong last in its processes, in one line; null: nothing did. */
  get lastError(): string | null {
    return this.#lastError
  }

  /** Counts since the node started, of all its processes; the rest as the last one told. */
  get numbers(): AnalyticsNumbers {
    const told = this.#running?.numbers
    const { stored, lost, undecodable } = this.#earlier
    return {
      isReady: this.#isReady,
      leadsHooks: this.#leadsHooks,
      stored: stored + (told?.stored ?? 0),
      lost: lost + (told?.lost ?? 0),
      undecodable: undecodable + (told?.undecodable ?? 0),
      position: told?.position ?? null,
      lag: told?.lag ?? 0,
      bytes: told?.bytes ?? null,
    }
  }

  /** Once nothing more comes into the log. What is not stored in time stays there. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true
    this.#cancel()
    this.#setReady(false)
    const running = this.#running
    if (running === undefined) return
    send(running.child, { type: 'drain' })
    const cancel = this.#options.clock.after(timeoutMs, () => {
      const what = 'clicks could not be stored in time; they stay in the click log'
      this.#options.onLog('warn', what)
      running.child.kill('SIGKILL')
    })
    await running.ended
    cancel()
    this.#refuseAll()
  }

  readonly ask: Analytics['ask'] = (...asked) => this.#remote.ask(...asked)
  readonly visits: Analytics['visits'] = (...asked) => this.#remote.visits(...asked)
  readonly clicksOf: Analytics['clicksOf'] = (codes) => this.#remote.clicksOf(codes)
  readonly mostClicked: Analytics['mostClicked'] = (...asked) => this.#remote.mostClicked(...asked)
  readonly deleted: Analytics['deleted'] = (id) => this.#remote.deleted(id)
  readonly status: Analytics['status'] = () => this.#remote.status()

  async #call(name: CallName, params: CallParams, signal?: AbortSignal): Promise<CallValue> {
    const running = this.#running
    if (!this.#isReady || running === undefined) throw unavailable()
    if (this.#pending.size >= CALLS_MAX) throw new TinygridError('overloaded')
    if (signal?.aborted === true) throw givenUp()
    const id = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<CallValue>()
    const giveUp = (error: TinygridError) => {
      if (!this.#pending.delete(id)) return
      cancel()
      send(running.child, { type: 'cancel', id })
      reject(error)
    }
    const cancel = this.#options.clock.after(patienceFor(name), () =>
      giveUp(unavailable('The analytics process did not answer in time')),
    )
    const onAbort = () => giveUp(givenUp())
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#pending.set(id, { resolve, reject, cancel })
    send(running.child, { type: 'call', id, name, params })
    return promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  #hear(running: Running, message: FromAnalytics): void {
    running.heardAt = this.#options.clock.now()
    if (message.type === 'log') {
      if (message.level !== 'info') this.#lastError = lineOf(message)
      this.#options.onLog(message.level, message.what, message.detail)
    } else if (message.type === 'numbers') {
      running.numbers = message.numbers
      const { isReady, leadsHooks } = message.numbers
      this.#setReady(isReady && !this.#isClosing, leadsHooks)
    } else if (message.type === 'tags') {
      void this.#tellCodes(running, message)
    } else if (message.type === 'span') takeSpan(message.span)
    else {
      const pending = this.#pending.get(message.id)
      this.#pending.delete(message.id)
      pending?.cancel()
      if (message.type === 'value') pending?.resolve(message.value)
      else pending?.reject(errorOf(message))
    }
  }

  async #tellCodes({ child }: Running, { id, tags }: Told<'tags'>): Promise<void> {
    send(child, { type: 'codes', id, codes: await this.#codesOfTags(tags).catch(() => undefined) })
  }

  /** It has ended, by itself or by force. */
  #lose({ startedAt, numbers }: Running): void {
    const { clock, onLog } = this.#options
    this.#running = undefined
    this.#countedTo = numbers?.position ?? this.#countedTo
    this.#earlier = {
      stored: this.#earlier.stored + (numbers?.stored ?? 0),
      lost: this.#earlier.lost + (numbers?.lost ?? 0),
      undecodable: this.#earlier.undecodable + (numbers?.undecodable ?? 0),
    }
    this.#cancel()
    this.#setReady(false)
    this.#refuseAll()
    if (this.#isClosing) return
    if (clock.now() - startedAt >= STEADY_MS) this.#backOff.reset()
    const wait = this.#backOff.next()
    onLog('warn', 'the analytics process has ended; another one is started')
    this.#cancel = clock.after(wait, () => this.#begin())
  }

  #watch(running: Running): void {
    const { clock, onLog } = this.#options
    const left = running.heardAt + SILENCE_MS_MAX - clock.now()
    this.#cancel = clock.after(Math.max(0, left), () => {
      if (this.#running !== running) return
      if (clock.now() - running.heardAt < SILENCE_MS_MAX) return this.#watch(running)
      onLog('warn', 'the analytics process says nothing any more, and is ended')
      running.child.kill('SIGKILL')
    })
  }

  #refuseAll(): void {
    for (const { reject, cancel } of this.#pending.values()) {
      cancel()
      reject(unavailable())
    }
    this.#pending.clear()
  }

  #setReady(isReady: boolean, leadsHooks = false): void {
    if (this.#isReady === isReady && this.#leadsHooks === leadsHooks) return
    this.#isReady = isReady
    this.#leadsHooks = leadsHooks
    this.#options.onReady?.(isReady, leadsHooks)
  }
}

function lineOf({ what, detail }: Told<'log'>): string {
  const text = detail === '' ? what : `${what}: ${detail}`
  return text.split('\n', 1)[0]!.slice(0, ERROR_LENGTH_MAX)
}

function errorOf({ code, message, field }: Told<'error'>): TinygridError {
  return new TinygridError(code, { detail: message, ...(field === undefined ? {} : { field }) })
}

/** To a process that may just have ended: that is told by its exit. */
function send(child: AnalyticsChild, message: ToAnalytics): void {
  try {
    child.send(message)
  } catch {}
}

function unavailable(detail = 'The analytics process cannot answer'): TinygridError {
  return new TinygridError('analytics_unavailable', { detail })
}
