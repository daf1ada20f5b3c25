/**
 * Logs what goes wrong again and again, without flooding: a line per kind and second at most.
 *
 * Used where a failing disk or store makes every request fail. What was left out is counted in the
 * next line of its kind.
 */
import type { Logger } from 'pino'
import type { RefusedRequest } from '../actors/remote/refused-requests.ts'
import { TinygridError } from '../links/errors.ts'

const QUIET_MS = 1_000

export class ErrorLog {
  readonly #logger: Logger
  /** Milliseconds that never go back. */
  readonly #now: () => number
  readonly #kinds = new Map<string, { saidAt: number; leftOut: number }>()

  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger
    this.#now = now
  }

  /** @param what a fixed text: each different one is a kind */
  readonly report = (what: string, error: unknown): void => {
    const kind = this.#kinds.get(what)
    const now = this.#now()
    if (kind !== undefined && now - kind.saidAt < QUIET_MS) {
      kind.leftOut++
      return
    }
    const more = kind === undefined || kind.leftOut === 0 ? {} : { leftOut: kind.leftOut }
    this.#logger.error({ ...detailsOf(error), ...more }, what)
    this.#kinds.set(what, { saidAt: now, leftOut: 0 })
  }
}

/** A line for who looks for a request that failed; `internal` apart, one of many while something is away. */
export function logRefused(logger: Logger, { error, ...request }: RefusedRequest): void {
  const level = error.code === 'internal' ? 'error' : 'debug'
  logger[level]({ ...request, ...detailsOf(error) }, 'request of another node refused')
}

/** An operating error says all in its message; of anything else the stack is wanted. */
function detailsOf(error: unknown): Record<string, unknown> {
  return error instanceof TinygridError
    ? { code: error.code, reason: error.message }
    : { err: error }
}
