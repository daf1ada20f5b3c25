/**
 * A server that the cluster leans on, and whether it is there: NATS, MongoDB, Redis.
 *
 * `Server` is what an adapter tells of itself; `ServerProbe` is what the observer makes of it.
 */
import type { Clock } from '../../links/clock.ts'
import type { ServerState } from './cluster-status.ts'
import type { EpochMs } from '../../links/ids.ts'
import { Probe } from './probe.ts'

export interface Server {
  readonly name: ServerState['name']
  /** Without credentials. */
  readonly address: () => string
  /**
   * Asks it something small. Resolves with its version, '' if it does not tell; rejects if it
   * cannot be reached.
   */
  readonly ask: () => Promise<string>
}

export class ServerProbe {
  readonly #server: Server
  readonly #clock: Clock
  readonly #now: () => EpochMs
  readonly #probe: Probe<string>
  /** By both clocks: when the state last changed. */
  #changed = { at: -Infinity, since: '' }

  constructor(server: Server, clock: Clock, now: () => EpochMs) {
    this.#server = server
    this.#clock = clock
    this.#now = now
    this.#probe = new Probe(server.ask, clock)
  }

  async state(): Promise<ServerState> {
    const { isAnswered, since, answer, tookMs } = await this.#probe.look()
    if (since !== this.#changed.at) this.#changed = { at: since, since: this.#isoTime(since) }
    return {
      name: this.#server.name,
      address: this.#server.address(),
      isReachable: isAnswered,
      since: this.#changed.since,
      version: answer || null,
      roundTripMs: isAnswered ? Number(tookMs!.toFixed(1)) : null,
    }
  }

  #isoTime(at: number): string {
    return new Date(this.#now() - (this.#clock.now() - at)).toISOString()
  }
}
