/**
 * What can be simulated: which program runs in the nodes, and which schedules suit it.
 */
import { ClusterNode } from './cluster-node.ts'
import { LoneOwner } from './lone-owner.ts'
import type { RunOptions } from './run.ts'
import type { Schedule } from './schedule.ts'

export const SETTINGS = {
  lone: {
    what: 'one owner of everything; where it crashes, the next one takes over',
    startProgram: (seams) => new LoneOwner(seams),
    adjust: alone,
  },
  cluster: {
    what: 'nodes that own partitions, and hand them to each other',
    startProgram: (seams) => new ClusterNode(seams),
  },
} as const satisfies Record<string, RunOptions & { readonly what: string }>

export type SettingName = keyof typeof SETTINGS

const ALONE = new Set(['crash', 'freeze', 'outage'])

/** One node at a time: only what it can survive alone. */
function alone(schedule: Schedule): Schedule {
  const disturbances = schedule.disturbances.filter(({ kind }) => ALONE.has(kind))
  return { ...schedule, nodes: 1, disturbances }
}
