/**
 * The fallback cache seam of one simulated process, over a cache that all processes share.
 *
 * What it cannot reach it fails to: callers must do without. Errors are those of the real adapter.
 */
import { TinygridError } from '../links/errors.ts'
import type { Code } from '../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../links/link-record.ts'
import type { FallbackCache } from '../persistence/cache/fallback-cache.ts'
import type { Service } from './service.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export class SimulatedCache implements FallbackCache {
  readonly #process: SimulatedProcess
  readonly #service: Service
  readonly #state: FallbackCache

  constructor(process: SimulatedProcess, service: Service, state: FallbackCache) {
    this.#process = process
    this.#service = service
    this.#state = state
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return this.#call(
      () => `get ${code}`,
      () => this.#state.get(code),
    )
  }

  async put(versions: readonly LinkVersion[]): Promise<void> {
    const sent = versions.map((version) => {
      return { ...version, record: Buffer.from(version.record) as LinkRecord }
    })
    await this.#call(
      () => `put ${sent.map(({ code, position }) => `${code}@${position}`).join(' ')}`,
      () => this.#state.put(sent),
    )
  }

  async clear(): Promise<void> {
    await this.#call(
      () => 'clear',
      () => this.#state.clear(),
    )
  }

  async close(): Promise<void> {}

  #call<T>(what: () => string, effect: () => Promise<T>): Promise<T> {
    return this.#service.call(this.#process, what, effect, unavailable)
  }
}

function unavailable(): TinygridError {
  return new TinygridError('store_unavailable')
}
