/**
 * The schedule of a run: everything that a seed decides beforehand, as plain data.
 *
 * How many nodes and clients there are, how often services and network fail, and what happens when:
 * nodes crash, freeze, join and leave, links are cut, services go down. Nodes are named by a number
 * from 0 to below 1, which is their place among those that run at that time.
 */
import { Random } from './random.ts'
import type { Faults, ServiceName } from './service.ts'
import type { NetworkFaults } from './network.ts'

export interface Schedule {
  readonly seed: number
  readonly nodes: number
  readonly clients: number
  readonly codes: readonly string[]
  /** Codes that the store does not take. */
  readonly refusedCodes: readonly string[]
  /** Whether clients purge links, which frees their codes. */
  readonly hasPurges: boolean
  /** Of each node: little makes it evict, or lets it refuse writes that the store has not caught up with. */
  readonly memoryBytesMax: number
  readonly dirtyBytesMax: number
  /** Of all nodes; little fills up, and has room again when what it keeps for repeated writes is old. */
  readonly logBytesMax: number
  /** Virtual milliseconds, after which everything is mended. */
  readonly durationMs: number
  readonly faults: Readonly<Record<ServiceName, Faults>>
  readonly network: NetworkFaults
  /** In order of time. */
  readonly disturbances: readonly Disturbance[]
}

export type Disturbance = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly node: number; readonly replacedAfterMs: number }
  /** All nodes at once. */
  | { readonly kind: 'blackout'; readonly replacedAfterMs: number }
  | { readonly kind: 'freeze'; readonly node: number; readonly forMs: number }
  | {
      readonly kind: 'cut'
      readonly node: number
      readonly from: readonly Reachable[]
      readonly forMs: number
    }
  /** The way from one node to another is closed; the way back stays open. */
  | { readonly kind: 'part'; readonly node: number; readonly to: number; readonly forMs: number }
  | { readonly kind: 'outage'; readonly of: ServiceName; readonly forMs: number }
  | { readonly kind: 'join' }
  | { readonly kind: 'leave'; readonly node: number }
  /** Another program writes entries into the log of a code's partition. */
  | { readonly kind: 'strangers'; readonly code: string; readonly entries: readonly string[] }
)

/** What a node can be cut off from. */
export type Reachable = ServiceName | 'peers'

const NODES_MAX = 4
const CODES_MAX = 8
const DISTURBANCES_MAX = 7
const DURATION_MS = { short: [8_000, 20_000], long: [70_000, 110_000] } as const
/** In a long run the log forgets operations that were carried out, and is trimmed. */
const LONG_SHARE = 0.05
/** Of runs in which the store refuses links, which become dead letters, and how many at most. */
const REFUSED = { share: 0.3, codesMax: 3 }
/** Of runs in which other programs write into the log, how often at most, and what. */
const STRANGERS = { share: 0.15, timesMax: 8, entriesMax: 6, texts: ['', 's', '{"by":"another"}'] }
/** little: for a link or two. none: what may be evicted is, and loads bring codes alone. */
const MEMORY_BYTES = { ample: 2 ** 28, little: 2_000, none: 1 }
const LOG_BYTES = { ample: 2 ** 30, little: 3_000 }
const DIRTY_BYTES = { ample: 2 ** 20, little: 400 }
/** The cluster forms before the first disturbance. */
const QUIET_MS = 1_500
const CUTS: readonly (readonly Reachable[])[] = [
  ['kv'],
  ['peers'],
  ['kv', 'peers'],
  ['kv', 'peers', 'log'],
  ['log'],
  ['store'],
]

export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed)
  const [shortest, longest] = DURATION_MS[random.chance(LONG_SHARE) ? 'long' : 'short']
  const durationMs = random.int(shortest, longest)
  const count = random.int(0, DISTURBANCES_MAX)
  const disturbances = Array.from({ length: count }, () => disturbance(random, durationMs))
  const codes = Array.from({ length: random.int(4, CODES_MAX) }, () => newCode(random))
  const schedule = {
    seed,
    nodes: random.int(1, NODES_MAX),
    clients: random.int(3, 6),
    codes,
    refusedCodes: codes.slice(
      0,
      random.chance(REFUSED.share) ? random.int(1, REFUSED.codesMax) : 0,
    ),
    hasPurges: random.chance(0.3),
    memoryBytesMax: MEMORY_BYTES[random.weighted({ ample: 7, little: 2, none: 1 })],
    dirtyBytesMax: DIRTY_BYTES[random.chance(0.1) ? 'little' : 'ample'],
    logBytesMax: LOG_BYTES[random.chance(0.1) ? 'little' : 'ample'],
    durationMs,
    faults: {
      log: faults(random),
      store: faults(random),
      cache: faults(random),
      kv: faults(random),
    },
    network: network(random),
  }
  // Drawn last, so that what a seed gives beside them stays as it is without them.
  disturbances.push(...strangers(random, codes, durationMs))
  return { ...schedule, disturbances: disturbances.sort((a, b) => a.atMs - b.atMs) }
}

function strangers(random: Random, codes: readonly string[], durationMs: number): Disturbance[] {
  const times = random.chance(STRANGERS.share) ? random.int(1, STRANGERS.timesMax) : 0
  return Array.from({ length: times }, () => {
    const count = random.int(1, STRANGERS.entriesMax)
    const entries = Array.from({ length: count }, () => random.pick(STRANGERS.texts))
    const atMs = random.int(QUIET_MS, durationMs)
    return { atMs, kind: 'strangers' as const, code: random.pick(codes), entries }
  })
}

function disturbance(random: Random, durationMs: number): Disturbance {
  const atMs = random.int(QUIET_MS, durationMs)
  const node = random.next()
  const forMs = random.int(100, 8_000)
  const weights = {
    crash: 4,
    blackout: 0.5,
    freeze: 4,
    cut: 4,
    part: 1,
    outage: 2,
    join: 3,
    leave: 2,
  }
  const kind = random.weighted(weights)
  switch (kind) {
    case 'crash':
      return { atMs, kind, node, replacedAfterMs: random.int(50, 6_000) }
    case 'blackout':
      return { atMs, kind, replacedAfterMs: random.int(50, 3_000) }
    case 'freeze':
      return { atMs, kind, node, forMs }
    case 'cut':
      return { atMs, kind, node, from: random.pick(CUTS), forMs }
    case 'part':
      return { atMs, kind, node, to: random.next(), forMs }
    case 'outage':
      return { atMs, kind, of: random.pick(['log', 'store', 'cache', 'kv'] as const), forMs }
    case 'join':
      return { atMs, kind }
    case 'leave':
      return { atMs, kind, node }
  }
}

function newCode(random: Random): string {
  return random.int(0, 1e6).toString(36)
}

/** Most services work most of the time; some are wretched. */
function faults(random: Random): Faults {
  const delayMsMax = random.weighted({ near: 3, far: 1 }) === 'near' ? 3 : 60
  if (random.chance(0.4)) return { refused: 0, answerLost: 0, late: 0, delayMsMax }
  const share = random.pick([0.005, 0.02, 0.1])
  return { refused: share, answerLost: share, late: share, delayMsMax }
}

function network(random: Random): NetworkFaults {
  if (random.chance(0.3)) return { lost: 0, doubled: 0, slow: 0 }
  const share = random.pick([0.005, 0.02, 0.05])
  return { lost: share, doubled: share, slow: share }
}

/** For people, a line per fact. */
export function describeSchedule(schedule: Schedule): string {
  const { seed, nodes, clients, codes, durationMs, faults: rates, network: ways } = schedule
  const { hasPurges, refusedCodes, memoryBytesMax, dirtyBytesMax, logBytesMax } = schedule
  const lines = [
    `seed ${seed}: ${nodes} nodes, ${clients} clients, ${durationMs} ms, codes ${codes.join(' ')}`,
    `  ${JSON.stringify({ hasPurges, refusedCodes, memoryBytesMax, dirtyBytesMax, logBytesMax })}`,
    ...Object.entries(rates).map(([name, rate]) => `  ${name} ${JSON.stringify(rate)}`),
    `  network ${JSON.stringify(ways)}`,
    ...schedule.disturbances.map((item) => `  ${describeDisturbance(item)}`),
  ]
  return lines.join('\n')
}

export function describeDisturbance(item: Disturbance): string {
  const { atMs, kind, ...details } = item
  return `${String(atMs).padStart(6)} ms ${kind} ${JSON.stringify(details)}`
}
