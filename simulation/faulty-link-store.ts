/**
 * Stores that break their contract on purpose: what the simulator has to catch.
 */
import type { LinkVersion } from '../cluster/link.ts'
import type { Refusal } from '../persistence/link-store.ts'
import { MemoryLinkStore } from '../persistence/memory-link-store.ts'

/** Writes what it is given, older than what it has or not. */
export class UnguardedStore extends MemoryLinkStore {
  override async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    for (const { code } of versions) {
      const stored = await this.get(code)
      if (stored !== undefined) await this.removeTombstones([stored])
    }
    return super.write(versions)
  }
}
