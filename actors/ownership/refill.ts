/**
 * The refill: lets partitions that have lost links be loaded again, once there is room.
 *
 * Used by the node. Looks now and then: links leave memory when partitions go to other nodes, or are
 * purged. It asks for those that lack least, as many as fit below ROOM_SHARE of the memory bound, which
 * is far below where links are evicted again; so no partition goes back and forth. What they lack it
 * knows by their filters. Those that do not know their codes are none of its business.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { MemoryBound } from '../memory/memory-bound.ts'
import type { PartitionMemory } from '../memory/partition-memory.ts'

export interface RefillOptions {
  readonly bound: MemoryBound
  readonly clock: Clock
  readonly memories: () => Iterable<readonly [PartitionId, PartitionMemory]>
  /** Whether partitions are being loaded: what they will take is not known yet. */
  readonly isLoading: () => boolean
  readonly load: (partition: PartitionId) => void
  readonly signal: AbortSignal
}

/** Share of the memory bound up to which partitions are loaded again. */
const ROOM_SHARE = 0.8
const LOOK_EVERY_MS = 10_000
/** Of a link where none is in memory. */
const LINK_BYTES = 128

interface Lack {
  readonly partition: PartitionId
  readonly links: number
}

export class Refill {
  readonly #options: RefillOptions

  constructor(options: RefillOptions) {
    this.#options = options
  }

  /** Resolves when the signal ends it. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      await pause(clock, LOOK_EVERY_MS, signal)
      if (!signal.aborted) this.look()
    }
  }

  look(): void {
    const { bound, isLoading, load } = this.#options
    let room = bound.bytesMax * ROOM_SHARE - bound.bytes
    if (room <= 0 || isLoading()) return
    const linkBytes = this.#linkBytes()
    for (const { partition, links } of this.#lacks()) {
      room -= links * linkBytes
      if (room < 0) return
      load(partition)
    }
  }

  /** Those that know their codes and lack links, the least first. */
  #lacks(): Lack[] {
    const lacks: Lack[] = []
    for (const [partition, { isComplete, isLoading, codes, size }] of this.#options.memories()) {
      if (isComplete || isLoading || codes === undefined) continue
      lacks.push({ partition, links: Math.max(0, codes - size) })
    }
    return lacks.sort((a, b) => a.links - b.links)
  }

  #linkBytes(): number {
    let [links, bytes] = [0, 0]
    for (const [, memory] of this.#options.memories()) {
      links += memory.size
      bytes += memory.bytes
    }
    return links === 0 ? LINK_BYTES : bytes / links
  }
}
