/**
 * Nodes of a cluster with ownership and nothing above it, for tests: the test is the controller.
 *
 * Each node has a table of its own, which the test sets by rows, and what it reports is kept. So a
 * node may go by an older table than another one, be cut off, and be declared dead, as the test says.
 */
import type { Code, Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { OpenedPartition, ReleasedPartition } from '../../cluster/membership/lease.ts'
import { MemoryNetwork } from '../../cluster/testing/memory-peers.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import type { Placement } from '../../cluster/table/placement.ts'
import { Table, type Ownership as Row } from '../../cluster/table/table.ts'
import { Disk, HostWorld, P, RING } from './host-world.ts'
import type { OwnershipControl } from '../ownership/ownership-control.ts'
import { Ownership } from '../ownership/ownership.ts'

/** A row as a test writes it: owner, epoch, target. */
export type RowText = readonly [owner: string | null, epoch: number, target: string | null]

export class OwnershipWorld {
  readonly disk = new Disk()
  readonly network = new MemoryNetwork(this.disk)
  readonly #nodes = new Map<string, OwnershipNode>()

  node(name: string): OwnershipNode {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const node = new OwnershipNode(name, this.disk, this.network.join(name as NodeId))
    this.#nodes.set(name, node)
    return node
  }

  /** Every node sees this row from now on. */
  async setRow(row: RowText, partition: PartitionId = P): Promise<void> {
    const nodes = [...this.#nodes.values()]
    const version = 1 + Math.max(...nodes.map(({ control }) => control.table.version))
    for (const node of nodes) node.control.setRows([[partition, row]], version)
    await this.pass(50)
  }

  pass(ms: number): Promise<void> {
    return this.disk.clock.pass(ms)
  }
}

/** A world in which `a` serves P, with this link, in epoch 1, and `b` has nothing. */
export async function startServed(code: Code) {
  const world = new OwnershipWorld()
  const [a, b] = [world.node('a'), world.node('b')]
  await world.setRow([null, 0, 'a'])
  await world.setRow(['a', 1, null])
  await a.create(code)
  return { world, a, b }
}

export class OwnershipNode extends HostWorld {
  readonly control = new TestControl()
  readonly ownership: Ownership
  readonly learned: Parameters<Placement['learn']>[] = []
  readonly incomplete: PartitionId[] = []
  readonly moved: { partition: PartitionId; to: NodeId }[] = []

  constructor(name: string, disk: Disk, peers: Peers) {
    super(name, disk)
    this.ownership = new Ownership({
      nodeId: this.nodeId,
      host: this.host,
      sink: this.sink,
      log: disk.log,
      store: disk.store,
      work: disk.work,
      clock: disk.clock,
      now: () => disk.now(),
      peers,
      control: this.control,
      placement: {
        ownerOf: (partition) => this.control.table.ownershipOf(partition),
        learn: (...learned) => this.learned.push(learned),
        onChange: () => () => {},
      },
      newMemory: () => this.newMemory(),
      newActor: (opened) => this.newActor(opened),
      nextMove: () => this.nextName(),
      onIncomplete: (partition) => this.incomplete.push(partition),
      onMoved: (partition, to) => this.moved.push({ partition, to }),
      onError: (_, error) => this.errors.push(error),
    })
    this.onReplaced = (partition) => this.ownership.noteReplaced(partition)
    this.onApplied = (partition, versions) => this.ownership.noteApplied(partition, versions)
    this.ownership.start()
  }

  /** In which epoch the partition is here; undefined: it is not. */
  epochOf(partition: PartitionId = P): Epoch | undefined {
    return this.host.actors.get(partition)?.epoch
  }

  serves(partition: PartitionId = P): boolean {
    return this.host.isServing(partition)
  }
}

class TestControl implements OwnershipControl {
  table = Table.empty(RING.partitions)
  isCutOff = false
  /** The newest report. */
  opened: readonly OpenedPartition[] = []
  released: readonly ReleasedPartition[] = []
  refreshes = 0
  /** What a look at the newest table brings. */
  onRefresh: () => Promise<void> = async () => {}
  readonly #onTable = new Set<(table: Table) => void>()
  readonly #onDeclaredDead = new Set<() => void>()

  setRows(
    rows: readonly (readonly [PartitionId, RowText])[],
    version = this.table.version + 1,
  ): void {
    const changes = rows.map(([partition, [owner, epoch, target]]) => {
      return [partition, { owner, epoch, target } as Row] as const
    })
    this.table = new Table(this.table.with(new Map(changes)).rows, version)
    for (const listener of this.#onTable) listener(this.table)
  }

  declareDead(): void {
    for (const listener of this.#onDeclaredDead) listener()
  }

  onTable(listener: (table: Table) => void): () => void {
    this.#onTable.add(listener)
    return () => this.#onTable.delete(listener)
  }

  onDeclaredDead(listener: () => void): () => void {
    this.#onDeclaredDead.add(listener)
    return () => this.#onDeclaredDead.delete(listener)
  }

  isFenced(): boolean {
    return this.isCutOff
  }

  async refresh(): Promise<void> {
    this.refreshes++
    await this.onRefresh()
  }

  report(opened: readonly OpenedPartition[], released: readonly ReleasedPartition[]): void {
    this.opened = opened
    this.released = released
  }
}
