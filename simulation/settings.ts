/**
 * What can be simulated: which program runs in the nodes, which schedules suit it, and which faults can be planted.
 */
import { runClickSeed } from './clicks/click-run.ts'
import { PLANTED_CLICK_FAULTS, type PlantedClickFault } from './clicks/planted-click-faults.ts'
import { ClusterNode } from './cluster-node.ts'
import { LoneOwner } from './lone-owner.ts'
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.ts'
import { runSeed, type RunOptions, type RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'

export interface Setting {
  readonly what: string
  readonly faults: Readonly<Record<string, { readonly what: string }>>
  run(seed: number, options?: SettingOptions): Promise<RunResult>
}

export interface SettingOptions {
  /** Where each line of the story goes, if it is told. */
  readonly print?: (line: string) => void
  /** One of the setting's. */
  readonly fault?: string | undefined
}

export const SETTINGS = {
  lone: {
    what: 'one owner of everything; where it crashes, the next one takes over',
    faults: PLANTED_FAULTS,
    run: (seed, options) =>
      runLinks(seed, { startProgram: (seams) => new LoneOwner(seams), adjust: alone }, options),
  },
  clicks: {
    what: 'the way of clicks, from redirects through their log into the store',
    faults: PLANTED_CLICK_FAULTS,
    run: (seed, { print, fault } = {}) =>
      runClickSeed(seed, { print, fault: faultIn<PlantedClickFault>(PLANTED_CLICK_FAULTS, fault) }),
  },
  cluster: {
    what: 'nodes that own partitions, and hand them to each other',
    faults: PLANTED_FAULTS,
    run: (seed, options) =>
      runLinks(seed, { startProgram: (seams) => new ClusterNode(seams) }, options),
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS

function runLinks(
  seed: number,
  options: RunOptions,
  { print, fault }: SettingOptions = {},
): Promise<RunResult> {
  const planted = faultIn<PlantedFault>(PLANTED_FAULTS, fault)
  return runSeed(seed, {
    ...options,
    ...(print !== undefined && { print }),
    ...(planted !== undefined && { fault: planted }),
  })
}

function faultIn<T>(faults: Readonly<Record<string, T>>, name: string | undefined): T | undefined {
  return name === undefined ? undefined : faults[name]
}

const ALONE = new Set(['crash', 'freeze', 'outage', 'strangers'])

/** One node at a time: only what it can survive alone. */
function alone(schedule: Schedule): Schedule {
  const disturbances = schedule.disturbances.filter(({ kind }) => ALONE.has(kind))
  return { ...schedule, nodes: 1, disturbances }
}
