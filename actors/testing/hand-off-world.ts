/**
 * A hand-off from node `a` to node `b`, for tests: two hosts, a network and a log.
 *
 * `a` serves the partition P when a test begins. What ownership does around a hand-off is done here
 * in as few lines as possible: a copy is adopted sealed, and `handOver` ends a move as the table
 * would.
 */
import assert from 'node:assert/strict'
import type { NodeId } from '../../links/ids.ts'
import { MemoryNetwork, type PeerMessage } from '../../cluster/testing/memory-peers.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import { HandOffSource, type HandOffOutcome } from '../hand-off/hand-off-source.ts'
import { HandOffTarget } from '../hand-off/hand-off-target.ts'
import { Disk, HostWorld, P } from './host-world.ts'
import type { Actor } from '../partition/actor-effects.ts'

export class HandOffWorld {
  readonly disk = new Disk()
  readonly network = new MemoryNetwork(this.disk)
  readonly a = new HostWorld('a', this.disk)
  readonly b = new HostWorld('b', this.disk)
  readonly source: HandOffSource
  readonly target: HandOffTarget
  /** Whether the table still says that the partition is to go to `b`. */
  isWanted = true
  mayTake = true
  /** What `a` asked of `b`. */
  readonly calls: { readonly name: string; readonly params: unknown }[] = []
  /** Every message sent; each takes a millisecond unless the test says otherwise. */
  readonly messages: PeerMessage[] = []
  delaysOf: (message: PeerMessage, index: number) => readonly number[] = () => [1]

  /** @param pieceBytes 1: every link goes by itself */
  constructor(pieceBytes = 1) {
    const { a, b, network } = this
    const { log, clock } = this.disk
    network.rule = (message) => this.delaysOf(message, this.messages.push(message) - 1)
    this.source = new HandOffSource({
      nodeId: a.nodeId,
      host: a.host,
      log,
      clock,
      peers: this.#peersOfA(),
      isWanted: () => this.isWanted,
      tableVersion: () => 1,
      nextMove: () => a.nextName(),
      pieceBytes,
    })
    a.onApplied = (partition, versions) => this.source.noteApplied(partition, versions)
    this.target = new HandOffTarget({
      nodeId: b.nodeId,
      log,
      clock,
      peers: network.join(b.nodeId),
      newMemory: () => b.newMemory(),
      mayTake: () => this.#mayTake(),
      onOpen: (opened, dirty) => {
        const actor = b.newActor(opened)
        actor.seal()
        b.host.adopt(P, actor)
        for (const version of dirty) b.sink.noteApplied(P, version.position, [version])
        b.sink.noteApplied(P, opened.lastPosition, [])
      },
    })
  }

  static async start(pieceBytes?: number): Promise<HandOffWorld> {
    const world = new HandOffWorld(pieceBytes)
    await world.a.open()
    return world
  }

  get log() {
    return this.disk.log
  }

  get actorOfA(): Actor {
    return this.a.host.actors.get(P)!
  }

  get actorOfB(): Actor {
    return this.b.host.actors.get(P)!
  }

  pass(ms: number): Promise<void> {
    return this.disk.clock.pass(ms)
  }

  /** Begins a move; `outcome` is set when it has ended. */
  begin(): { outcome?: HandOffOutcome } {
    const move: { outcome?: HandOffOutcome } = {}
    void this.source.run(P, 'b' as NodeId).then((outcome) => {
      move.outcome = outcome
    })
    return move
  }

  /** What ownership does at the end of a move that succeeded: `a` releases, then `b` serves. */
  handOver(outcome: HandOffOutcome | undefined): void {
    assert(outcome?.kind === 'moved', `the move ended as ${outcome?.kind}`)
    this.a.host.drop(P, { owner: this.b.nodeId, epoch: outcome.epoch })
    const { actorOfB, b } = this
    b.host.serve(P)
    this.target.forget(P)
    b.host.unseal(P, actorOfB.epoch, actorOfB.lastPosition)
  }

  /** Moves the partition, undisturbed. */
  async move(): Promise<void> {
    const move = this.begin()
    await this.pass(5_000)
    this.handOver(move.outcome)
  }

  #peersOfA(): Peers {
    const peers = this.network.join(this.a.nodeId)
    const call = peers.call.bind(peers)
    peers.call = (node, name, params, timeoutMs) => {
      this.calls.push({ name, params })
      return call(node, name, params, timeoutMs)
    }
    return peers
  }

  #mayTake(): boolean {
    const { host } = this.b
    if (!this.mayTake || host.isServing(P)) return false
    if (host.actors.has(P)) host.drop(P)
    return true
  }
}
