/**
 * The schedule of a run of the click path: everything that its seed decides beforehand, as plain data.
 *
 * As `schedule.ts` for links: how many nodes and analytics processes there are, what keeps the clicks, how often log and
 * store fail, and what happens when. Processes are named by a number from 0 to below 1, which is their place.
 */
import { Random } from '../random.ts'
import type { Faults } from '../service.ts'

export interface ClickSchedule {
  readonly seed: number
  readonly nodes: number
  /** Analytics processes. */
  readonly readers: number
  /** own: each reader has a store that dies with it; shared: all write to one server. */
  readonly stores: 'own' | 'shared'
  /** Of batches that wait in a node; little is soon full while the log is away. */
  readonly bufferBytesMax: number
  /** Between two visits, at most. */
  readonly visitEveryMsMax: number
  /** Virtual milliseconds, after which everything is mended. */
  readonly durationMs: number
  readonly faults: Readonly<Record<ClickService, Faults>>
  /** In order of time. */
  readonly disturbances: readonly ClickDisturbance[]
}

export type ClickService = 'click log' | 'click store'

export type ClickDisturbance = { readonly atMs: number } & (
  | { readonly kind: 'kill node'; readonly at: number; readonly replacedAfterMs: number }
  | { readonly kind: 'stop node'; readonly at: number; readonly replacedAfterMs: number }
  | { readonly kind: 'freeze node'; readonly at: number; readonly forMs: number }
  | { readonly kind: 'kill reader'; readonly at: number; readonly replacedAfterMs: number }
  | { readonly kind: 'freeze reader'; readonly at: number; readonly forMs: number }
  /** One process is cut off from one service. */
  | { readonly kind: 'cut node'; readonly at: number; readonly forMs: number }
  | {
      readonly kind: 'cut reader'
      readonly at: number
      readonly from: ClickService
      readonly forMs: number
    }
  /** Killed and started again: everybody is without it, and what is under way is lost. */
  | { readonly kind: 'outage'; readonly of: ClickService; readonly forMs: number }
  /** All clicks of a link are to be forgotten. */
  | { readonly kind: 'delete'; readonly at: number; readonly code: string }
  /** Somebody tries codes that lead nowhere, many at a time. */
  | { readonly kind: 'orphans'; readonly at: number; readonly count: number }
)

/** Of the links that are followed. */
export const CODES = ['abc', 'def', 'ghi'] as const
const NODES_MAX = 3
const READERS_MAX = 2
const DURATION_MS = [2_000, 7_000] as const
const DISTURBANCES_MAX = 9
const BUFFER_BYTES = { ample: 2 ** 20, little: 400 }
const DISTURBANCES = {
  'kill node': 4,
  'stop node': 2,
  'freeze node': 3,
  'kill reader': 5,
  'freeze reader': 3,
  'cut node': 2,
  'cut reader': 2,
  outage: 3,
  orphans: 1,
  delete: 3,
} as const

export function clickScheduleOf(seed: number): ClickSchedule {
  const random = new Random(seed)
  const durationMs = random.int(...DURATION_MS)
  const count = random.int(0, DISTURBANCES_MAX)
  const disturbances = Array.from({ length: count }, () => disturbance(random, durationMs))
  const stores = random.pick(['own', 'shared'] as const)
  const storeFaults = faults(random)
  return {
    seed,
    nodes: random.int(1, NODES_MAX),
    readers: random.int(1, READERS_MAX),
    stores,
    bufferBytesMax: BUFFER_BYTES[random.chance(0.2) ? 'little' : 'ample'],
    visitEveryMsMax: random.pick([10, 40, 200]),
    durationMs,
    faults: {
      'click log': faults(random),
      // What a process's own store does, it does before it answers.
      'click store': stores === 'own' ? { ...storeFaults, late: 0 } : storeFaults,
    },
    disturbances: disturbances.sort((a, b) => a.atMs - b.atMs),
  }
}

function disturbance(random: Random, durationMs: number): ClickDisturbance {
  const atMs = random.int(0, durationMs)
  const at = random.next()
  const forMs = random.int(50, 3_000)
  const replacedAfterMs = random.int(20, 2_000)
  const of = random.pick(['click log', 'click store'] as const)
  const kind = random.weighted(DISTURBANCES)
  switch (kind) {
    case 'kill node':
    case 'stop node':
    case 'kill reader':
      return { atMs, kind, at, replacedAfterMs }
    case 'freeze node':
    case 'freeze reader':
    case 'cut node':
      return { atMs, kind, at, forMs }
    case 'cut reader':
      return { atMs, kind, at, from: of, forMs }
    case 'outage':
      return { atMs, kind, of, forMs }
    case 'delete':
      return { atMs, kind, at, code: random.pick(CODES) }
    case 'orphans':
      return { atMs, kind, at, count: random.int(1, 250) }
  }
}

/** Half of all services never fail by themselves. */
function faults(random: Random): Faults {
  const delayMsMax = random.weighted({ near: 3, far: 1 }) === 'near' ? 3 : 60
  if (random.chance(0.5)) return { refused: 0, answerLost: 0, late: 0, delayMsMax }
  const share = random.pick([0.01, 0.05, 0.2])
  return { refused: share, answerLost: share, late: share, delayMsMax }
}

/** Whether every append reaches the log on its way there, and is answered. */
export function hasSoundLog({
  faults: { 'click log': log },
  disturbances,
}: ClickSchedule): boolean {
  const isCut = disturbances.some(
    (item) => item.kind === 'cut node' || (item.kind === 'outage' && item.of === 'click log'),
  )
  return !isCut && log.refused + log.answerLost + log.late === 0
}

/** For people, a line per fact. */
export function describeClickSchedule(schedule: ClickSchedule): string {
  const { seed, faults: rates, disturbances, ...rest } = schedule
  const lines = [
    `seed ${seed}: ${JSON.stringify(rest)}`,
    ...Object.entries(rates).map(([name, rate]) => `  ${name} ${JSON.stringify(rate)}`),
    ...disturbances.map((item) => `  ${JSON.stringify(item)}`),
  ]
  return lines.join('\n')
}
