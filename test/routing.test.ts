import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import { serveOwner } from '../actors/remote/owner-service.ts'
import { hasCode, TinygridError } from '../links/errors.ts'
import { toEpochMs, type Code, type Epoch, type NodeId } from '../links/ids.ts'
import { ABSENT } from '../links/link.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { MemoryNetwork } from '../cluster/testing/memory-peers.ts'
import type { PlacedOwner, Placement } from '../cluster/table/placement.ts'
import type { LinkOwner, WriteRequest, WriteResult } from '../links/link-owner.ts'
import { Ring } from '../links/ring.ts'
import { Router } from '../routing/router.ts'

/*
 * Routers and owner services over a network that loses, delays and doubles messages, while the one
 * partition that is written changes its owner: each operation has exactly one effect.
 */

const NODES = ['a', 'b', 'c'] as NodeId[]
const GATEWAY = 'gateway' as NodeId
const code = 'abc' as Code
const write = { kind: 'visit', code } as const

/** What the log would hold, whoever owns the partition: operations in order, each once. */
class Operations {
  readonly effects: string[] = []
  owner: NodeId = NODES[0]!

  /** The log refuses who is no longer the owner; an operation it holds is answered as at first. */
  apply(node: NodeId, operationId: string): number {
    if (node !== this.owner) throw new TinygridError('log_replaced')
    const known = this.effects.indexOf(operationId)
    return known >= 0 ? known : this.effects.push(operationId) - 1
  }
}

/** Takes its time to log, and then may lose the answer. */
class LoggingOwner implements LinkOwner {
  readonly #node: NodeId
  readonly #operations: Operations
  readonly #clock: ManualClock
  readonly #delay: () => number

  constructor(node: NodeId, operations: Operations, clock: ManualClock, delay: () => number) {
    this.#node = node
    this.#operations = operations
    this.#clock = clock
    this.#delay = delay
  }

  lookup() {
    return ABSENT
  }

  async find() {
    return { lookup: ABSENT, source: 'owner' } as const
  }

  async resolve() {
    return ABSENT
  }

  async read(): Promise<undefined> {}

  async write({ operationId }: WriteRequest): Promise<WriteResult> {
    await new Promise<void>((resolve) => this.#clock.after(this.#delay(), resolve))
    const place = this.#operations.apply(this.#node, operationId!)
    if (this.#delay() > 150) throw new TinygridError('log_uncertain')
    return { kind: 'redirect', url: `https://example.com/${place}` }
  }
}

/** Each node hears of a change of owner in its own time. */
class LatePlacement implements Placement {
  #placed: PlacedOwner = { owner: NODES[0]!, epoch: 1 as Epoch }
  readonly #listeners = new Set<() => void>()

  ownerOf(): PlacedOwner {
    return this.#placed
  }

  learn(_partition: unknown, owner: NodeId | null, epoch: Epoch): void {
    if (epoch <= this.#placed.epoch) return
    this.#placed = { owner, epoch }
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function newWorld(random: () => number) {
  const clock = new ManualClock()
  const network = new MemoryNetwork({ clock })
  const operations = new Operations()
  const ring = new Ring(16)
  const now = () => toEpochMs(clock.now())
  const delay = () => Math.floor(random() * 200)
  const placements = new Map<NodeId, LatePlacement>()
  const join = (node: NodeId) => {
    const placement = new LatePlacement()
    placements.set(node, placement)
    return { peers: network.join(node), placement }
  }
  for (const node of NODES) {
    const owner = new LoggingOwner(node, operations, clock, delay)
    serveOwner({ ...join(node), ring, owner, clock, now, onError: (what) => assert.fail(what) })
  }
  let ids = 0
  const newOperationId = () => `op${ids++}`
  const surroundings = { ring, clock, now, random, defer: queueMicrotask, newOperationId }
  const router = new Router({ ...surroundings, ...join(GATEWAY), nodeId: GATEWAY })
  network.rule = () => (random() < 0.1 ? [] : random() < 0.1 ? [1, delay()] : [delay() / 10])
  const move = (owner: NodeId, epoch: Epoch) => {
    operations.owner = owner
    for (const placement of placements.values()) {
      clock.after(delay() * 5, () => placement.learn(undefined, owner, epoch))
    }
  }
  return { clock, operations, router, move }
}

test('however owners change and messages are lost, each write is done once', async (t) => {
  const moves = fc.array(fc.record({ at: fc.nat(4_000), node: fc.nat(2) }), { maxLength: 6 })
  const property = fc.asyncProperty(moves, fc.noShrink(fc.integer()), async (planned, seed) => {
    const { clock, operations, router, move } = newWorld(randomFrom(seed))
    const inOrder = planned.toSorted((one, other) => one.at - other.at)
    for (const [index, { at, node }] of inOrder.entries()) {
      clock.after(at, () => move(NODES[node]!, (index + 2) as Epoch))
    }
    const writes = Array.from({ length: 20 }, async () => router.write(write))
    const settled = Promise.allSettled(writes)
    await clock.pass(20_000)
    const acknowledged = new Set<string>()
    for (const [index, outcome] of (await settled).entries()) {
      if (outcome.status === 'rejected') {
        t.true(hasCode(outcome.reason, 'owner_unavailable'), String(outcome.reason))
        continue
      }
      // The answer says which effect it rests on: that of this operation, and of no other.
      const { url } = outcome.value as { url: string }
      t.is(operations.effects[Number(url.split('/').at(-1))], `op${index}`)
      acknowledged.add(url)
    }
    t.is(new Set(operations.effects).size, operations.effects.length)
    t.is(router.counters.heldNow, 0)
    if (inOrder.length === 0) t.true(acknowledged.size >= 19)
  })
  await fc.assert(property, { numRuns: 40 })
})

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
