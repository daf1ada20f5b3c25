/**
 * A cluster of memberships on one manual clock, for tests: nodes can be killed, frozen and cut off
 * from the key-value store, their watch can be slow, and answers can get lost.
 *
 * What the nodes promise beyond membership is kept by a SimpleOwnership each. After each stretch
 * of time the world checks what must hold at every moment; `rest` lets all faults end and checks
 * what must hold then.
 */
import assert from 'node:assert/strict'
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { leaseKey } from '../membership/lease.ts'
import type { Role } from '../membership/lease.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { JUDGES_MAX } from '../membership/roll.ts'
import { Membership } from '../membership/membership.ts'
import type { MembershipEvent } from '../membership/membership-event.ts'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { SimpleOwnership } from './simple-ownership.ts'
import type { SimpleLog } from './simple-ownership.ts'
import { FreezableProcess } from './freezable-process.ts'

export const WORLD_PARTITIONS = 8
const CHECK_EVERY_MS = 50
/** Long enough for an election, a death and every hand-off after it. */
const REST_MS = 8_000

export class WorldNode {
  readonly nodeId: NodeId
  readonly process: FreezableProcess
  readonly membership: Membership
  readonly ownership: SimpleOwnership
  readonly roles: readonly Role[]
  joining: Promise<void> = Promise.resolve()
  isLeaving = false
  deaths = 0

  constructor(world: MembershipWorld, name: string, roles: readonly Role[]) {
    this.nodeId = name as NodeId
    this.roles = roles
    this.process = new FreezableProcess(world.clock, world.server)
    this.ownership = new SimpleOwnership(this.nodeId, world.log)
    this.membership = new Membership({
      keyValue: this.process.keyValue,
      clock: this.process.clock,
      nodeId: this.nodeId,
      roles,
      url: null,
      partitions: WORLD_PARTITIONS,
      startedAt: 0 as EpochMs,
      random: () => (world.nodes.length + 1) / 1024,
      judgesMax: world.judgesMax,
      onEvent: (event) => world.events.push(event),
      onError: () => {},
    })
    this.membership.onTable((table) => {
      this.ownership.see(table)
      this.report()
    })
    this.membership.onDeclaredDead(() => {
      this.deaths += 1
      this.ownership.drop()
    })
  }

  get answers(): boolean {
    return this.process.isRunning && !this.membership.isFenced()
  }

  report(): void {
    this.membership.report(this.ownership.opened, this.ownership.released)
  }

  /** As a process that is told to stop: leaves, closes, ends. */
  async stop(): Promise<boolean> {
    this.isLeaving = true
    const hasLeft = await this.membership.leave(10_000)
    this.ownership.drop()
    await this.membership.close()
    this.process.kill()
    return hasLeft
  }
}

export class MembershipWorld {
  readonly clock = new ManualClock()
  readonly server = new MemoryKeyValueServer()
  readonly log: SimpleLog[] = SimpleOwnership.log(WORLD_PARTITIONS)
  readonly events: MembershipEvent[] = []
  readonly nodes: WorldNode[] = []
  /** In a cluster of more nodes the others go by the roll. */
  readonly judgesMax: number

  constructor({ judgesMax = JUDGES_MAX } = {}) {
    this.judgesMax = judgesMax
  }

  /** Begins to join; the node has joined after some time has passed. */
  start(name: string, roles: readonly Role[] = ['gateway', 'actors']): WorldNode {
    const node = new WorldNode(this, name, roles)
    this.nodes.push(node)
    node.joining = node.membership.join()
    node.joining.catch(() => node.process.kill())
    return node
  }

  /** Lets time pass; hand-offs and writes go on meanwhile unless `isStill`. */
  async pass(ms: number, isStill = false): Promise<void> {
    const end = this.clock.now() + ms
    while (this.clock.now() < end) {
      await this.clock.pass(Math.min(CHECK_EVERY_MS, end - this.clock.now()))
      if (!isStill) for (const node of this.nodes) for (const p of partitions()) this.step(node, p)
      this.check()
    }
  }

  /** One step of a node for a partition, if it has one to take; then a write. */
  step(node: WorldNode, partition: PartitionId): void {
    if (!node.process.isRunning) return
    const reached: WorldNode[] = [node]
    const find = (name: NodeId): SimpleOwnership | undefined => {
      const peer = this.nodes.find(({ nodeId, process }) => nodeId === name && process.isRunning)
      if (peer !== undefined) reached.push(peer)
      return peer?.ownership
    }
    const took = node.ownership.step(partition, find, node.answers)
    if (took)
      for (const { membership, ownership } of reached) {
        membership.report(ownership.opened, ownership.released)
      }
    node.ownership.write(partition)
  }

  /** Some steps of one node, the partitions chosen by `seed`: hand-offs stop in the midst. */
  stepAll(node: WorldNode, seed: number): void {
    for (const p of partitions()) if (((seed >> p) & 1) === 1) this.step(node, p)
    this.check()
  }

  /** Ends every fault but the deaths, waits, and checks that the cluster has come to rest. */
  async rest(): Promise<void> {
    for (const { process } of this.nodes) process.mend()
    await this.pass(REST_MS)
    const living = this.living()
    if (living.length === 0) return
    const controllers = new Set(living.map(({ membership }) => membership.controller))
    assert.equal(controllers.size, 1, 'all agree on the controller')
    const [controller] = controllers
    assert(
      living.some(({ nodeId }) => nodeId === controller),
      'the controller lives',
    )
    for (const { membership } of living) assert(!membership.isFenced(), 'no node is fenced')
    this.#checkTable(living)
  }

  living(): WorldNode[] {
    return this.nodes.filter(({ process }) => process.isRunning)
  }

  /** How many partitions each living node serves, by name. */
  served(): Record<string, number> {
    const counts = this.living().map(({ nodeId, ownership }) => {
      return [nodeId, partitions().filter((p) => ownership.serves(p)).length] as const
    })
    return Object.fromEntries(counts)
  }

  /** What must hold at every moment. */
  check(): void {
    const answering = this.nodes.filter((node) => node.answers)
    for (const { nodeId } of answering) {
      const lease = this.server.get(leaseKey(nodeId))?.value
      assert(lease !== undefined, `${nodeId} is not fenced and has no lease`)
    }
    for (const p of partitions()) {
      const serving = answering.filter(({ ownership }) => ownership.serves(p))
      const names = serving.map(({ nodeId }) => nodeId).join(' and ')
      assert(serving.length <= 1, `${names} answer for partition ${p}`)
      for (const { ownership } of serving)
        assert(ownership.knowsAll(p), `${names} is behind on ${p}`)
    }
  }

  #checkTable(living: readonly WorldNode[]): void {
    const owners = living.filter(({ nodeId, roles, isLeaving, membership }) => {
      const isDrained = membership.leases.get(nodeId)?.isDrained === true
      return roles.includes('actors') && !isLeaving && !isDrained
    })
    if (owners.length === 0) return
    const { table } = owners[0]!.membership
    for (const p of partitions()) {
      const { owner, target } = table.ownershipOf(p)
      assert.equal(target, null, `partition ${p} is at rest`)
      const node = owners.find(({ nodeId }) => nodeId === owner)
      assert(node?.ownership.serves(p), `partition ${p} is served by its owner`)
    }
    const counts = owners.map(({ nodeId }) => table.ownedBy(nodeId).length)
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `balanced: ${counts.join()}`)
  }
}

function partitions(): PartitionId[] {
  return Array.from({ length: WORLD_PARTITIONS }, (_, p) => p as PartitionId)
}
