/**
 * How many bytes of a node's writes may wait for the store.
 *
 * Used by the node. What waits for the store lies in the log, which all nodes share, together with what
 * the log keeps for repeated requests. So all of them may let half of it wait, in equal shares: with
 * any number of nodes a store that is away is met by each node's own bound (503 at once for new
 * writes) before the log is full for all.
 */
import type { NodeOptions } from './node-options.ts'

const LOG_SHARE = 2

/** @param nodes that have a lease; undefined: this one is alone */
export function dirtyShare(
  { dirtyBytesMax, logBytesMax = Infinity }: Pick<NodeOptions, 'dirtyBytesMax' | 'logBytesMax'>,
  nodes = 1,
): number {
  return Math.min(dirtyBytesMax, Math.floor(logBytesMax / LOG_SHARE / Math.max(1, nodes)))
}
