/**
 * Moleculer's logger, which passes on warnings and errors and is silent otherwise.
 *
 * Used by `moleculer-peers.ts`. A call that timed out is left out: its caller is told, and during an
 * outage there are thousands of them.
 */
import { Loggers } from 'moleculer'

/** The module that warns of calls that timed out. */
const BROKER = 'broker'

export class MoleculerLogger extends Loggers.Base<{ level: 'warn' }> {
  readonly #onError: (what: string, error: unknown) => void

  constructor(onError: (what: string, error: unknown) => void) {
    super({ level: 'warn' })
    this.#onError = onError
  }

  override getLogHandler(bindings: { readonly mod?: string }) {
    const passed = bindings.mod === BROKER ? ['fatal', 'error'] : ['fatal', 'error', 'warn']
    return (level: string, args: readonly unknown[]) => {
      if (!passed.includes(level)) return
      const words = args.filter((arg) => typeof arg === 'string')
      const error = args.find((arg) => arg instanceof Error)
      this.#onError(`Moleculer: ${words.join(' ')}`, error)
    }
  }
}
