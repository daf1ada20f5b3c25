/**
 * The answer to a question, asked again whenever the question changes or clicks have come.
 *
 * Used by every part of the dashboard. The last answer stays until the next one is here, so that a
 * filter does not make the page flicker; an answer to an older question never replaces one to a newer.
 * The same question is not asked twice at once: under a steady stream of clicks a slow service would
 * never get to answer. While analytics is away it is asked again by itself.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { toApiError, type ApiError } from '../service-call.ts'
import type { Answer } from './answer.ts'
import type { StatsQuestion } from './clicks-api.ts'

const RETRY_MS = 5_000

export interface Answered {
  readonly answer: Answer | undefined
  /** What `answer` answers. */
  readonly question: StatsQuestion | undefined
  readonly error: ApiError | undefined
  /** Whether the answer is that of the question before. */
  readonly isStale: boolean
}

const NOTHING: Answered = {
  answer: undefined,
  question: undefined,
  error: undefined,
  isStale: true,
}

/**
 * @param question undefined: nothing is asked
 * @param tick another one than before: ask again
 * @param isNeeded false: what is new is asked for once it is needed again
 */
export function useAnswer(
  api: Api,
  question: StatsQuestion | undefined,
  tick: number,
  isNeeded = true,
): Answered {
  const [state, setState] = useState(NOTHING)
  const askAgain = useRef(() => {})
  const asked = useRef<string>(undefined)
  const askedAt = useRef<number>(undefined)
  const ticks = useRef(tick)
  ticks.current = tick
  const text = JSON.stringify(question)

  useEffect(() => {
    if (question === undefined) return setState(NOTHING)
    const isNew = asked.current !== text
    asked.current = text
    if (isNew) setState((before) => ({ ...before, isStale: true }))
    if (!isNeeded) return undefined
    const asking = new Asking(api, question, setState)
    const ask = () => {
      askedAt.current = ticks.current
      asking.ask()
    }
    // Out of view and back, with nothing new meanwhile, it need not be asked again.
    if (isNew || state.isStale || askedAt.current !== ticks.current) ask()
    askAgain.current = ask
    return () => {
      askAgain.current = () => {}
      if (asking.isOpen) askedAt.current = undefined
      asking.stop()
    }
  }, [api, text, isNeeded])
  useEffect(() => {
    if (tick > 0) askAgain.current()
  }, [tick])
  return state
}

/** One question, asked once at a time. */
class Asking {
  readonly #api: Api
  readonly #question: StatsQuestion
  readonly #tell: (change: (before: Answered) => Answered) => void
  readonly #stopping = new AbortController()
  #isRunning = false
  #isWantedAgain = false
  #timer: number | undefined

  constructor(
    api: Api,
    question: StatsQuestion,
    tell: (change: (before: Answered) => Answered) => void,
  ) {
    this.#api = api
    this.#question = question
    this.#tell = tell
  }

  /** Whether an answer is waited for, or the question to be asked again because there was none. */
  get isOpen(): boolean {
    return this.#isRunning || this.#timer !== undefined
  }

  ask(): void {
    this.#isWantedAgain = true
    if (!this.#isRunning) void this.#run()
  }

  stop(): void {
    this.#stopping.abort()
    window.clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    this.#isRunning = true
    while (this.#isWantedAgain && !signal.aborted) {
      this.#isWantedAgain = false
      window.clearTimeout(this.#timer)
      this.#timer = undefined
      try {
        const question = this.#question
        const answer = await this.#api.clicks.ask(question, signal)
        if (signal.aborted) return
        this.#tell(() => ({ answer, question, error: undefined, isStale: false }))
      } catch (failure) {
        if (signal.aborted) return
        this.#tell((before) => ({ ...before, error: toApiError(failure) }))
        this.#timer = window.setTimeout(() => this.ask(), RETRY_MS)
      }
    }
    this.#isRunning = false
  }
}
