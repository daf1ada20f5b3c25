/**
 * The node of a cluster without its gateway: the real one, with every seam simulated.
 */
import type { PartitionId } from '../links/ids.ts'
import type { Table } from '../cluster/table/table.ts'
import type { LinkDirectory, LinkOwner } from '../links/link-owner.ts'
import { Node } from '../node/node.ts'
import type { Program, Seams } from './simulated-node.ts'

const LEAVE_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 5_000

export class ClusterNode implements Program {
  readonly #node: Node

  /** By default moves take many messages, and most nodes go by the roll. */
  constructor(seams: Seams, { pieceBytes = 1, judgesMax = 1 } = {}) {
    const { wallClock: now, keyValue, peers, cache, ...rest } = seams
    this.#node = new Node({
      ...rest,
      now,
      pieceBytes,
      cluster: {
        keyValue,
        peers,
        cache,
        roles: ['gateway', 'actors'],
        url: null,
        nearCache: true,
        judgesMax,
      },
    })
  }

  get links(): LinkOwner {
    return this.#node.links
  }

  get directory(): LinkDirectory {
    return this.#node.directory
  }

  get table(): Table {
    return this.#node.table
  }

  isServing(partition: PartitionId): boolean {
    return this.#node.host.isServing(partition)
  }

  /** Its copy of the table says that something is still to come, or it has dirty links. */
  unrest(): string | undefined {
    const { dirtyLinks } = this.#node.writeBehind.status()
    if (dirtyLinks > 0) return `${dirtyLinks} dirty links`
    const rows = [...this.#node.cluster!.membership.table.rows.entries()]
    const odd = rows.find(([, { owner, target }]) => owner === null || target !== null)
    return odd && `partition ${odd[0]} is ${JSON.stringify(odd[1])}`
  }

  start(): Promise<void> {
    return this.#node.start()
  }

  async leave(): Promise<void> {
    await this.#node.leave(LEAVE_TIMEOUT_MS)
    await this.#node.close(CLOSE_TIMEOUT_MS)
  }
}
