/**
 * A store that never takes some links, as a database refuses what breaks a rule of its own.
 *
 * What it refuses becomes a dead letter in the log, and must not be lost there.
 */
import type { LinkVersion } from '../links/link-record.ts'
import type { Ring } from '../links/ring.ts'
import type { Refusal } from '../persistence/store/link-store.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'

export class RefusingStore extends MemoryLinkStore {
  readonly #refused: ReadonlySet<string>

  /** @param refused codes; may change */
  constructor(ring: Ring, refused: ReadonlySet<string>) {
    super(ring)
    this.#refused = refused
  }

  override async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const isRefused = ({ code }: LinkVersion) => this.#refused.has(code)
    await super.write(versions.filter((version) => !isRefused(version)))
    return versions
      .filter((version) => isRefused(version))
      .map(({ code, position }) => ({ code, position, reason: 'simulated' }))
  }
}
