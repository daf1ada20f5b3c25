/**
 * Ownership: makes this node serve what the table gives it, and nothing else.
 *
 * Follows the table. For each partition it opens, serves, hands off or drops:
 *
 *   the table says              this node
 *   owned by me, opened here    serves it, once its epoch is the one in the table
 *   owned by me, not here       opens it from the log, in a newer epoch
 *   owned by me, target B       hands it off to B
 *   owned by nobody, target me  opens it from the log
 *   anything else               drops what it has of it, unless B is me and A still is the owner
 *
 * What it has opened and released goes into the lease, for the controller to put into the table.
 * It never asks who lives: that is the controller's business; and it never writes the table.
 * A node that is declared dead drops everything at once.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import { pause, type Clock } from '../../links/clock.ts'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import type { Placement } from '../../cluster/table/placement.ts'
import type { Ownership as Row } from '../../cluster/table/table.ts'
import { HandOffSource } from '../hand-off/hand-off-source.ts'
import { HandOffTarget } from '../hand-off/hand-off-target.ts'
import { HandOffTurns, type Turn } from '../hand-off/hand-off-turns.ts'
import type { Actor } from '../partition/actor-effects.ts'
import type { PartitionHost } from '../partition/partition-host.ts'
import type { OwnershipControl, OwnershipSink } from './ownership-control.ts'
import { OwnershipReports } from './ownership-reports.ts'
import { PartitionOpener } from './partition-opener.ts'
import type { OpenedMemory, RecoveryOptions } from './recovery.ts'

export interface OwnershipOptions extends Pick<
  RecoveryOptions,
  'nodeId' | 'log' | 'store' | 'work' | 'now' | 'newMemory'
> {
  readonly host: PartitionHost
  readonly sink: OwnershipSink
  readonly peers: Peers
  readonly control: OwnershipControl
  readonly placement: Placement
  readonly clock: Clock
  readonly newActor: (opened: OpenedMemory) => Actor
  /** A new, unique name for a move. */
  readonly nextMove: () => string
  /** As in HandOffSource. */
  readonly pieceBytes?: number
  /** The partition is here and may lack links that the store has. */
  readonly onIncomplete: (partition: PartitionId) => void
  /** The table names the new owner, which takes the writes that waited. */
  readonly onMoved?: (partition: PartitionId, to: NodeId, waitMs: number) => void
  readonly onError: (what: string, error: unknown) => void
}

/** Before another attempt. */
const RETRY_PAUSE_MS = 200

export class Ownership {
  readonly #options: OwnershipOptions
  readonly #source: HandOffSource
  readonly #target: HandOffTarget
  readonly #reports: OwnershipReports
  readonly #turns: HandOffTurns
  readonly #opener: PartitionOpener
  /** Rises when this node is declared dead: what began before comes to nothing. */
  #life = 0
  #isStopped = false
  #unfollow: readonly (() => void)[] = []

  constructor(options: OwnershipOptions) {
    this.#options = options
    this.#turns = new HandOffTurns(options.clock, () => this.#reconcile())
    this.#reports = new OwnershipReports({
      ...options,
      send: (opened, released) => options.control.report(opened, released),
    })
    this.#opener = new PartitionOpener({
      ...options,
      onOpened: (opened) => this.#takeOpened(opened),
      onDone: () => this.#reconcile(),
    })
    this.#source = new HandOffSource({
      ...options,
      isWanted: (partition, to) => this.#rowOf(partition).target === to && !this.#isStopped,
      tableVersion: () => options.control.table.version,
    })
    this.#target = new HandOffTarget({
      ...options,
      mayTake: (partition) => this.#mayTake(partition),
      onOpen: (opened, dirty) => this.#takeIn(opened, dirty),
    })
  }

  start(): void {
    const { control } = this.#options
    this.#unfollow = [
      control.onTable(() => this.#reconcile()),
      control.onDeclaredDead(() => this.#dropAll()),
    ]
    this.#reconcile()
  }

  /** Changes nothing any more. */
  stop(): void {
    this.#isStopped = true
    for (const stop of this.#unfollow) stop()
  }

  /** This node stops: its partitions are handed off as fast as may be. */
  hurry(): void {
    this.#turns.hurry()
    this.#reconcile()
  }

  /** Partitions that are being handed off, or wait for another attempt. */
  get moving(): ReadonlySet<PartitionId> {
    return this.#turns.moving
  }

  /** The host has applied these. */
  noteApplied(partition: PartitionId, versions: readonly LinkVersion[]): void {
    this.#source.noteApplied(partition, versions)
  }

  /** The log has refused this node as the partition's owner. */
  noteReplaced(partition: PartitionId): void {
    if (!this.#options.host.actors.has(partition)) return
    this.#drop(partition)
    void this.#opener.reconsider(partition)
  }

  #rowOf(partition: PartitionId): Row {
    return this.#options.control.table.ownershipOf(partition)
  }

  #reconcile(): void {
    if (this.#isStopped) return
    const { table } = this.#options.control
    // First: what was released is not opened here again before the table shows it elsewhere.
    this.#reports.settle(table)
    const toOpen: PartitionId[] = []
    for (const [index, row] of table.rows.entries()) {
      const partition = index as PartitionId
      if (this.#isToOpen(partition, row)) toOpen.push(partition)
      else this.#follow(partition, row)
    }
    this.#open(toOpen)
  }

  /** Whether the table wants this node to open the partition from the log. */
  #isToOpen(partition: PartitionId, row: Row): boolean {
    const { host } = this.#options
    if (!this.#isMine(row) || this.#reports.hasReleased(partition) || this.#opener.has(partition)) {
      return false
    }
    const actor = host.actors.get(partition)
    if (actor === undefined) return true
    if (host.isServing(partition) || this.#reports.hasOpened(partition)) return false
    // A copy that came by a hand-off whose end the table does not show: the source may have taken
    // the partition back and written to it since.
    return row.owner === null || actor.epoch !== row.epoch
  }

  #isMine({ owner, target }: Row): boolean {
    const { nodeId } = this.#options
    return owner === nodeId || (owner === null && target === nodeId)
  }

  #follow(partition: PartitionId, { owner, target, epoch }: Row): void {
    const { nodeId, host } = this.#options
    const actor = host.actors.get(partition)
    if (owner === nodeId) {
      if (actor === undefined) return
      if (actor.epoch === epoch && !host.isServing(partition)) this.#serve(partition, actor)
      if (target !== null && host.isServing(partition)) this.#handOff(partition, target)
      return
    }
    //   1. the table says that the partition moves to here    2. the source sees it and begins
    //   3. this node sees an older table, and must not end the move for it
    const isAhead = this.#target.isAheadOf(partition, this.#options.control.table.version)
    if (target === nodeId || isAhead) return
    if (actor !== undefined) this.#drop(partition)
    this.#target.forget(partition)
  }

  #serve(partition: PartitionId, actor: Actor): void {
    const { host } = this.#options
    this.#target.forget(partition)
    host.serve(partition)
    host.unseal(partition, actor.epoch, actor.lastPosition)
  }

  #open(partitions: readonly PartitionId[]): void {
    for (const partition of partitions) {
      if (this.#options.host.actors.has(partition)) this.#drop(partition)
    }
    this.#opener.open(partitions)
  }

  /** A partition that was opened from the log: told at once, whatever else is being opened. */
  #takeOpened(opened: OpenedMemory): boolean {
    const isWanted = this.#isMine(this.#rowOf(opened.id))
    if (this.#isStopped || !isWanted || this.#options.host.actors.has(opened.id)) return false
    this.#adopt(opened)
    this.#reports.addOpened(opened.id, opened.epoch)
    this.#reports.send()
    return true
  }

  /** Sealed, until the table names this node and epoch. */
  #adopt(opened: OpenedMemory): void {
    const { host, newActor, onIncomplete } = this.#options
    const actor = newActor(opened)
    actor.seal()
    host.adopt(opened.id, actor)
    if (!opened.memory.isComplete) onIncomplete(opened.id)
  }

  #mayTake(partition: PartitionId): boolean {
    const { host, control } = this.#options
    if (!host.isInRing(partition) || this.#opener.has(partition)) return false
    if (this.#isStopped || control.isFenced()) return false
    if (host.isServing(partition) || this.#reports.hasReleased(partition)) return false
    // An earlier move that the source has given up: it has the partition, and began again.
    if (host.actors.has(partition)) this.#drop(partition)
    return true
  }

  #takeIn(opened: OpenedMemory, dirty: readonly LinkVersion[]): void {
    const { sink } = this.#options
    this.#adopt(opened)
    for (const version of dirty) sink.noteApplied(opened.id, version.position, [version])
    sink.noteApplied(opened.id, opened.lastPosition, [])
    this.#reconcile()
  }

  #handOff(partition: PartitionId, to: NodeId): void {
    const turn = this.#turns.begin(partition, to)
    if (turn === undefined) return
    const life = this.#life
    this.#move(partition, turn).catch((error: unknown) => {
      this.#options.onError('a partition could not be handed off', error)
      this.#turns.rest(turn, false)
      if (life === this.#life) this.#turns.end(partition)
    })
  }

  async #move(partition: PartitionId, turn: Turn): Promise<void> {
    const life = this.#life
    const { to } = turn
    const { clock, host } = this.#options
    const outcome = await this.#source.run(partition, to)
    if (life !== this.#life) return
    this.#turns.rest(turn, outcome.kind === 'moved')
    if (outcome.kind === 'kept') {
      const epoch = host.actors.get(partition)?.epoch ?? 0
      if (epoch > this.#rowOf(partition).epoch) this.#reports.addOpened(partition, epoch as Epoch)
      this.#reports.send()
      await pause(clock, RETRY_PAUSE_MS)
      if (life !== this.#life) return
    }
    this.#turns.end(partition)
    if (outcome.kind === 'lost') this.noteReplaced(partition)
    if (outcome.kind === 'moved') this.#release(partition, to, outcome)
    this.#reconcile()
  }

  /** From here on this node does not answer for the partition; then the controller hears of it. */
  #release(
    partition: PartitionId,
    to: NodeId,
    { epoch, sealedAt }: { epoch: Epoch; sealedAt: number },
  ): void {
    this.#options.placement.learn(partition, to, epoch)
    this.#drop(partition, { owner: to, epoch })
    this.#reports.addReleased({ partition, to, epoch }, sealedAt)
    this.#reports.send()
  }

  #drop(partition: PartitionId, owner?: { owner: NodeId; epoch: Epoch }): void {
    this.#reports.dropOpened(partition)
    this.#options.sink.forget(partition)
    this.#options.host.drop(partition, owner)
  }

  #dropAll(): void {
    this.#life++
    this.#turns.clear()
    this.#opener.reset()
    this.#target.forgetAll()
    for (const partition of this.#options.host.actors.keys()) this.#drop(partition)
    this.#reports.clear()
    // The table may give this node the same as before, and not change any more: what is wanted is
    // asked here, and again until the node has a lease.
    this.#reconcile()
  }
}
