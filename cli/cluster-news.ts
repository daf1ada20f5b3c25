/**
 * A cluster's events as lines for a person, with what belongs together in one of them.
 *
 * Moves come in many events; a line says when the last one to a node has ended, how many they were
 * and how long that took, by the controller's clock. Pure.
 */
import type { ClusterEvent } from '../cluster/nats/cluster-event.ts'

interface Planned {
  /** null: it has no owner, and is to be taken over. */
  readonly from: string | null
  readonly to: string
  readonly at: number
}

/** What has ended while more is under way. */
interface Tally {
  count: number
  since: number
  waitMsMax: number
  /** For take-overs: how many each node got. */
  readonly byNode: Map<string, number>
}

const TAKE_OVER = 'take-over'

type About<Kind extends ClusterEvent['kind']> = Extract<ClusterEvent, { kind: Kind }>

export class ClusterNews {
  readonly #planned = new Map<number, Planned>()
  /** By the node that partitions move to; all take-overs are one. */
  readonly #tallies = new Map<string, Tally>()

  /** What to say now. */
  linesOf(event: ClusterEvent): string[] {
    const at = Date.parse(event.at)
    switch (event.kind) {
      case 'node.joined':
        return [`${event.node} has joined`]
      case 'node.left':
        return [`${event.node} has left`]
      case 'node.died':
        return [`${event.node} is dead: its lease has run out`]
      case 'controller.changed':
        return [...this.#restart(at), `${event.node} is the controller now`]
      case 'partition.planned':
        return this.#plan(event, at)
      case 'partition.moved':
        return this.#move(event, at)
      case 'partition.taken-over':
        return this.#takeOver(event, at)
      default:
        // Of a newer version of the program.
        return []
    }
  }

  /** What the last controller did not come to tell is not told any more. */
  #restart(at: number): string[] {
    this.#planned.clear()
    return this.#ended(at)
  }

  #plan({ partitions, from, to }: About<'partition.planned'>, at: number): string[] {
    for (const partition of partitions) this.#planned.set(partition, { from, to, at })
    return this.#ended(at)
  }

  #move({ partitions, to, waitsMs }: About<'partition.moved'>, at: number): string[] {
    const tally = this.#tally(to, partitions, at)
    tally.waitMsMax = Math.max(tally.waitMsMax, ...waitsMs.map((waitMs) => waitMs ?? 0))
    return this.#ended(at)
  }

  #takeOver({ partitions, to }: About<'partition.taken-over'>, at: number): string[] {
    const isBack = (partition: number) => this.#planned.get(partition)?.from === to
    const back = partitions.filter(isBack)
    const taken = partitions.filter((partition) => !isBack(partition))
    for (const partition of back) this.#planned.delete(partition)
    if (taken.length > 0) {
      const { byNode } = this.#tally(TAKE_OVER, taken, at)
      byNode.set(to, (byNode.get(to) ?? 0) + taken.length)
    }
    return [...linesOfRetry(to, back.length), ...this.#ended(at)]
  }

  #tally(name: string, partitions: readonly number[], at: number): Tally {
    const tally = this.#tallies.get(name) ?? {
      count: 0,
      since: at,
      waitMsMax: 0,
      byNode: new Map<string, number>(),
    }
    this.#tallies.set(name, tally)
    for (const partition of partitions) {
      tally.count++
      tally.since = Math.min(tally.since, this.#planned.get(partition)?.at ?? at)
      this.#planned.delete(partition)
    }
    return tally
  }

  #ended(at: number): string[] {
    const waiting = new Set(
      Array.from(this.#planned.values(), ({ from, to }) => (from === null ? TAKE_OVER : to)),
    )
    const ended = [...this.#tallies].filter(([name]) => !waiting.has(name))
    for (const [name] of ended) this.#tallies.delete(name)
    return ended.map(([name, tally]) => lineOf(name, tally, at))
  }
}

/** Partitions that their owner opened anew, because nobody knew whether a move had come to its end. */
function linesOfRetry(owner: string, count: number): string[] {
  if (count === 0) return []
  return [`${owner} keeps ${partitionsOf(count)} for now: a move did not come to its end`]
}

function lineOf(name: string, { count, since, waitMsMax, byNode }: Tally, at: number): string {
  const took = `in ${((at - since) / 1_000).toFixed(1)} s`
  const partitions = partitionsOf(count)
  if (name !== TAKE_OVER) {
    return `${partitions} moved to ${name} ${took}; writes waited ${waitMsMax} ms at most`
  }
  const shares = Array.from(byNode, ([node, share]) => `${node} ${share}`)
  return `${partitions} taken over ${took}: ${shares.join(', ')}`
}

function partitionsOf(count: number): string {
  return count === 1 ? '1 partition' : `${count} partitions`
}
