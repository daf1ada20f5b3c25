/**
 * What is published of what happens in a cluster, as JSON under `<namespace>.events.<kind>`.
 *
 * Made from what the controller sees and does (`membership-event.ts`): many partitions that go the
 * same way at the same time are one event, so that a node which joins does not send hundreds. `at`
 * is the controller's wall clock. Pure.
 *
 * These are news, not state: nobody repeats them, and who missed one looks at the table.
 */
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { isCount, isEpoch, isFields, isNodeName, type Fields } from '../stored-value.ts'
import type { MembershipEvent } from '../membership/membership-event.ts'

export type ClusterEvent = { readonly at: string } & (
  | { readonly kind: 'node.joined' | 'node.left' | 'node.died'; readonly node: NodeId }
  | {
      readonly kind: 'controller.changed'
      readonly node: NodeId
      readonly before: NodeId | null
    }
  | {
      /** from: null if the partitions have no owner, and `to` is to take them over from the log. */
      readonly kind: 'partition.planned'
      readonly from: NodeId | null
      readonly to: NodeId
      readonly partitions: readonly PartitionId[]
    }
  | {
      readonly kind: 'partition.moved'
      readonly from: NodeId
      readonly to: NodeId
      readonly partitions: readonly PartitionId[]
      /** In the order of `partitions`, as `waitsMs`. */
      readonly epochs: readonly Epoch[]
      /** How long the writes of each waited; null: its last owner did not say. */
      readonly waitsMs: readonly (number | null)[]
    }
  | {
      /** Partitions that had no owner have one again, or an owner has opened them anew. */
      readonly kind: 'partition.taken-over'
      readonly to: NodeId
      readonly partitions: readonly PartitionId[]
      readonly epochs: readonly Epoch[]
    }
)

type AboutPartition = Extract<MembershipEvent, { partition: PartitionId }>
type AboutNode = Exclude<MembershipEvent, AboutPartition>

/** What to publish of `events`, all of about the same time, in the order of the first of each. */
export function clusterEventsOf(events: readonly MembershipEvent[], time: EpochMs): ClusterEvent[] {
  const at = new Date(time).toISOString()
  const groups = new Map<unknown, MembershipEvent[]>()
  for (const event of events) {
    const key = 'partition' in event ? wayOf(event) : event
    groups.set(key, [...(groups.get(key) ?? []), event])
  }
  return [...groups.values()].map((group) => {
    const [first] = group
    if ('partition' in first!) return eventOfPartitions(group as AboutPartition[], at)
    return eventOfNode(first as AboutNode, at)
  })
}

/** undefined: it is none, or one of a newer program. */
export function parseClusterEvent(value: unknown): ClusterEvent | undefined {
  if (!isFields(value) || typeof value['at'] !== 'string') return undefined
  const { kind, node, before = null, from = null, to } = value
  const names = [before, from].every((name) => name === null || isNodeName(name))
  if (!names || Number.isNaN(Date.parse(value['at']))) return undefined
  switch (kind) {
    case 'node.joined':
    case 'node.left':
    case 'node.died':
    case 'controller.changed':
      return isNodeName(node) ? (value as unknown as ClusterEvent) : undefined
    case 'partition.planned':
    case 'partition.taken-over':
    case 'partition.moved': {
      const isWhole = isNodeName(to) && hasPartitions(value)
      return isWhole ? (value as unknown as ClusterEvent) : undefined
    }
    default:
      return undefined
  }
}

function isWait(wait: unknown): boolean {
  return wait === null || isCount(wait)
}

/** Whether it names partitions, and each list that goes with them is as long. */
function hasPartitions({ kind, partitions, epochs, waitsMs }: Fields): boolean {
  if (!Array.isArray(partitions) || !partitions.every((partition) => isCount(partition)))
    return false
  const isMatching = (list: unknown, isItem: (item: unknown) => boolean) =>
    Array.isArray(list) && list.length === partitions.length && list.every(isItem)
  const hasEpochs = kind === 'partition.planned' || isMatching(epochs, isEpoch)
  return hasEpochs && (kind !== 'partition.moved' || isMatching(waitsMs, isWait))
}

function wayOf(event: AboutPartition): string {
  return `${event.kind} ${'from' in event ? event.from : ''} ${event.to}`
}

function eventOfNode(event: AboutNode, at: string): ClusterEvent {
  const { nodeId: node } = event
  if (event.kind === 'controller_changed') {
    return { kind: 'controller.changed', at, node, before: event.before }
  }
  return { kind: `node.${event.kind}`, at, node }
}

/** @param group at least one, all of one kind and way */
function eventOfPartitions(group: readonly AboutPartition[], at: string): ClusterEvent {
  const first = group[0]!
  const partitions = group.map(({ partition }) => partition)
  const epochs = group.flatMap((event) => ('epoch' in event ? [event.epoch] : []))
  const { to } = first
  switch (first.kind) {
    case 'move_planned':
      return { kind: 'partition.planned', at, from: first.from, to, partitions }
    case 'moved': {
      const waitsMs = group.flatMap((event) => ('waitMs' in event ? [event.waitMs] : []))
      return { kind: 'partition.moved', at, from: first.from, to, partitions, epochs, waitsMs }
    }
    case 'taken_over':
      return { kind: 'partition.taken-over', at, to, partitions, epochs }
  }
}
