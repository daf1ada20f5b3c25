import assert from 'node:assert/strict'
import test from 'ava'
import fc from 'fast-check'
import { nextTable } from './controller.ts'
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { SimpleOwnership } from '../testing/simple-ownership.ts'
import { Table } from './table.ts'

/*
 * The rules alone, in any order: nodes see tables late, reports are read late or never, and a node
 * may die between any two steps. No time, no messages.
 */

const PARTITIONS = 4
const NODES = ['a', 'b', 'c', 'd'] as NodeId[]

interface Move {
  readonly kind: 'decide' | 'see' | 'report' | 'step' | 'die' | 'live' | 'leave'
  readonly node: number
  readonly partition: number
}

const anyMove: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('decide', 'see', 'report', 'step', 'step', 'step', 'die', 'live', 'leave'),
  node: fc.nat(NODES.length - 1),
  partition: fc.nat(PARTITIONS - 1),
})

class Schedule {
  readonly #log = SimpleOwnership.log(PARTITIONS)
  readonly #leases = new Map<NodeId, NodeLease>()
  readonly #nodes = NODES.map((nodeId) => new SimpleOwnership(nodeId, this.#log))
  #table = Table.empty(PARTITIONS)

  take({ kind, node, partition }: Move): void {
    const subject = this.#nodes[node]!
    const lives = this.#leases.has(subject.nodeId)
    if (kind === 'decide') this.#decide()
    else if (kind === 'live' && !lives) this.#live(subject)
    else if (!lives) return
    else if (kind === 'see') subject.see(this.#table)
    else if (kind === 'report') this.#report(subject, {})
    else if (kind === 'leave') this.#report(subject, { state: 'leaving' })
    else if (kind === 'step') this.#step(subject, partition as PartitionId)
    else if (kind === 'die') this.#die(subject)
    this.#check()
  }

  /** Everything is seen and done until nothing changes; then all is owned, once and evenly. */
  rest(): void {
    if (this.#leases.size === 0) this.#live(this.#nodes[0]!)
    for (const node of this.#living()) this.#report(node, { state: 'active' })
    for (let round = 0; round < 100; round++) {
      for (const node of this.#living()) {
        node.see(this.#table)
        for (let p = 0; p < PARTITIONS; p++) this.#step(node, p as PartitionId)
        this.#report(node, {})
        this.#check()
      }
      this.#decide()
    }
    for (const node of this.#living()) node.see(this.#table)
    const counts = this.#living().map(({ nodeId }) => this.#table.ownedBy(nodeId).length)
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `balanced: ${counts.join()}`)
    for (const [p, { owner, target }] of this.#table.rows.entries()) {
      assert.equal(target, null)
      const serving = this.#living().filter((node) => node.serves(p as PartitionId))
      assert.deepEqual(
        serving.map(({ nodeId }) => nodeId),
        [owner],
      )
    }
  }

  #living(): SimpleOwnership[] {
    return this.#nodes.filter(({ nodeId }) => this.#leases.has(nodeId))
  }

  #live(node: SimpleOwnership): void {
    const who = { roles: ['actors'], startedAt: 0 as EpochMs, url: null } as const
    const silent = { state: 'active', opened: [], released: [] } as const
    this.#leases.set(node.nodeId, { nodeId: node.nodeId, ...who, ...silent })
    node.see(this.#table)
  }

  #report(node: SimpleOwnership, said: Partial<NodeLease>): void {
    const { opened, released } = node
    const lease = this.#leases.get(node.nodeId)!
    this.#leases.set(node.nodeId, { ...lease, opened, released, ...said })
  }

  #step(node: SimpleOwnership, partition: PartitionId): void {
    node.step(partition, (name) => this.#living().find(({ nodeId }) => nodeId === name), true)
    node.write(partition)
  }

  #die(node: SimpleOwnership): void {
    this.#leases.delete(node.nodeId)
    node.drop()
  }

  #decide(): void {
    const before = this.#table
    this.#table = nextTable(before, this.#leases) ?? before
    for (const [p, row] of before.rows.entries()) {
      const after = this.#table.ownershipOf(p as PartitionId)
      assert(after.epoch >= row.epoch, 'an epoch never falls')
      if (row.owner === null || row.owner === after.owner) continue
      const lease = this.#leases.get(row.owner)
      const isGivenUp =
        lease === undefined || lease.released.some(({ partition }) => partition === p)
      assert(isGivenUp, `${row.owner} lives and has not released ${p}`)
    }
  }

  #check(): void {
    for (let p = 0 as PartitionId; p < PARTITIONS; p++) {
      const serving = this.#living().filter((node) => node.serves(p))
      assert(serving.length <= 1, `partition ${p} is served twice`)
      for (const node of serving) assert(node.knowsAll(p), `${node.nodeId} is behind on ${p}`)
    }
  }
}

test('in any order of reports and deaths nobody serves with another, and all come to rest', (t) => {
  const anySchedule = fc.array(anyMove, { maxLength: 200, size: 'max' })
  const property = fc.property(anySchedule, (moves) => {
    const schedule = new Schedule()
    for (const move of moves) schedule.take(move)
    schedule.rest()
  })
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }))
})
