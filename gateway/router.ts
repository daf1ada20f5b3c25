/**
 * The router: sends each request to the owner of its code's partition.
 *
 * The gateway's only way to links. `hash(code)` gives the partition, the table its owner's node, the
 * directory of owners the way to reach that node: a direct call when it is this process. It is a
 * LinkOwner itself, so routes do not know whether there is one node or twenty.
 */
import { TinygridError } from '../cluster/errors.ts'
import type { Code, EpochMs, NodeId } from '../cluster/ids.ts'
import type { Link, Lookup } from '../cluster/link.ts'
import type { Found, LinkOwner, WriteRequest, WriteResult } from '../cluster/protocol.ts'
import type { Ring } from '../cluster/ring.ts'
import type { Table } from '../cluster/table.ts'

export class Router implements LinkOwner {
  readonly #ring: Ring
  /** By partition; undefined where the table's owner cannot be reached. */
  readonly #ownerOf: readonly (LinkOwner | undefined)[]

  /** @param owners how to reach each node of the table */
  constructor(ring: Ring, table: Table, owners: ReadonlyMap<NodeId, LinkOwner>) {
    this.#ring = ring
    this.#ownerOf = ring.all().map((partition) => owners.get(table.ownershipOf(partition).owner!))
  }

  lookup(code: Code, now: EpochMs): Lookup {
    return this.#owner(code).lookup(code, now)
  }

  async find(code: Code): Promise<Found> {
    return this.#owner(code).find(code)
  }

  async read(code: Code): Promise<Link | undefined> {
    return this.#owner(code).read(code)
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    return this.#owner(request.code).write(request)
  }

  #owner(code: Code): LinkOwner {
    const owner = this.#ownerOf[this.#ring.partitionOf(code)]
    if (owner === undefined) throw new TinygridError('owner_unavailable')
    return owner
  }
}
