/**
 * This node's part in a cluster, in `GET /metrics`: its lease, what it sees of the table, what it
 * hands over. Not there where the node is alone.
 */
import type { Registry } from 'prom-client'
import type { RefusedKind } from '../../cluster/refused-input.ts'
import { counter, gauge, labelled } from './metrics.ts'

export interface MembershipNumbers {
  readonly isFenced: boolean
  readonly isController: boolean
  /** Since this node saw its own lease renewed; undefined: it has none. */
  readonly leaseAgeMs: number | undefined
  /** Nodes that have a lease. */
  readonly nodes: number
  readonly tableVersion: number
  readonly partitionsWithoutOwner: number
  /** Partitions that this node hands over at this moment. */
  readonly handingOver: number
  /** Partitions that it has handed over. */
  readonly handOvers: number
  /** How long their writes waited, of all of them together. */
  readonly handOverWaitMs: number
  /** Partitions whose owner had died and that have one again, wherever, as this node sees it. */
  readonly takeOvers: number
  /** What came by NATS and was not believed, by kind. */
  readonly refused: Readonly<Record<RefusedKind, number>>
}

type Row = readonly [name: string, help: string, of: (numbers: MembershipNumbers) => number]

const GAUGES: readonly Row[] = [
  ['tinygrid_fenced', '1 when the lease is too old to answer as an owner', (n) => +n.isFenced],
  ['tinygrid_controller', '1 on the node that changes the table', (n) => +n.isController],
  [
    'tinygrid_lease_age_seconds',
    'Since the own lease was seen renewed; NaN without one',
    ({ leaseAgeMs }) => (leaseAgeMs ?? NaN) / 1000,
  ],
  ['tinygrid_nodes', 'Nodes that have a lease, as this node sees it', (n) => n.nodes],
  ['tinygrid_table_version', 'Of the newest table that this node has seen', (n) => n.tableVersion],
  [
    'tinygrid_partitions_without_owner',
    'Partitions that nobody owns, as this node sees it',
    (n) => n.partitionsWithoutOwner,
  ],
  ['tinygrid_partitions_handing_over', 'Partitions being handed over now', (n) => n.handingOver],
]

const COUNTERS: readonly Row[] = [
  ['tinygrid_hand_overs_total', 'Partitions handed over to other nodes', (n) => n.handOvers],
  [
    'tinygrid_hand_over_wait_seconds_total',
    'How long writes of partitions waited while they were handed over',
    (n) => n.handOverWaitMs / 1000,
  ],
  [
    'tinygrid_take_overs_total',
    'Partitions of dead nodes that have an owner again, in the whole cluster, as this node sees it',
    (n) => n.takeOvers,
  ],
]

const REFUSED_HELP = 'What came by NATS and was not believed: it is not what it has to be'

export function registerMembershipMetrics(registry: Registry, read: () => MembershipNumbers): void {
  for (const [name, help, of] of GAUGES) gauge(registry, name, help, () => of(read()))
  for (const [name, help, of] of COUNTERS) counter(registry, name, help, () => of(read()))
  labelled(registry, 'tinygrid_refused_total', 'kind', REFUSED_HELP, () => read().refused)
}
