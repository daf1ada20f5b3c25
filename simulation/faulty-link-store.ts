/**
 * Stores that break their contract on purpose: what the simulator has to catch.
 */
import type { LinkVersion } from '../links/link-record.ts'
import type { Refusal } from '../persistence/store/link-store.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'

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
