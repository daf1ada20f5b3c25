/**
 * What nodes are called in Moleculer: the node's name, a dot, and what no other process start has.
 *
 * Used by `moleculer-peers.ts`. Moleculer ends a process that hears of another one by its own name, be
 * that an operator's mistake or a forged packet; so no two processes have one name there. Who is meant
 * by a node's name is the newest process of it that is known: an older one is dead, or frozen and
 * without its lease. (The lease is what decides, and was taken before a process shows itself here.)
 */
import type { NodeId } from '../../links/ids.ts'

const PATTERN = /^([\w-]{1,64})\.([0-9a-z]{1,12})-[0-9a-z]{1,12}$/

/** @param startedAt in ms  @param random from 0 to below 1 */
export function processName(nodeId: NodeId, startedAt: number, random: number): string {
  const unique = Math.floor(random * 36 ** 8).toString(36)
  return `${nodeId}.${Math.floor(startedAt).toString(36)}-${unique}`
}

/** undefined: no process of ours has such a name. */
export function nodeOfProcess(name: unknown): NodeId | undefined {
  const match = typeof name === 'string' ? PATTERN.exec(name) : null
  return match === null ? undefined : (match[1] as NodeId)
}

export class KnownProcesses {
  readonly #byNode = new Map<NodeId, Set<string>>()

  add(name: string): void {
    const node = nodeOfProcess(name)
    if (node === undefined) return
    const names = this.#byNode.get(node) ?? new Set()
    this.#byNode.set(node, names.add(name))
  }

  remove(name: string): void {
    const node = nodeOfProcess(name)
    const names = node && this.#byNode.get(node)
    if (names?.delete(name) && names.size === 0) this.#byNode.delete(node!)
  }

  /** undefined: none is known. */
  newestOf(node: NodeId): string | undefined {
    let newest: string | undefined
    for (const name of this.#byNode.get(node) ?? []) {
      if (newest === undefined || startOf(name) > startOf(newest)) newest = name
    }
    return newest
  }
}

function startOf(name: string): number {
  return Number.parseInt(PATTERN.exec(name)![2]!, 36)
}
