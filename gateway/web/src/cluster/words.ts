/**
 * The cluster in words: sentences, figures and ages for people.
 *
 * Used by the cluster page; what a picture shows is said here too. Pure.
 */
import type { AnalyticsState, ClusterNode, ClusterStatus, EndedMove, Move } from './status.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** As many moves that are over as the service keeps: older ones are not told. */
export const MOVES_TOLD_MAX = 256
/** Moves between the same two nodes that end so close together are told as one. */
const TOGETHER_MS = 5 * SECOND_MS

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })

export function countText(count: number): string {
  return count >= 100 || Number.isInteger(count) ? whole.format(count) : precise.format(count)
}

export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value >= 10 || unit === 0 ? whole.format(value) : precise.format(value)} ${units[unit]}`
}

export function durationText(ms: number): string {
  if (ms < SECOND_MS) return `${whole.format(ms)} ms`
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} days`
}

/** In a large cluster most nodes do not watch the leases of others. */
export function leaseText({
  state,
  leaseAgeMs,
}: Pick<ClusterNode, 'state' | 'leaseAgeMs'>): string {
  if (leaseAgeMs !== null) return `seen ${durationText(leaseAgeMs)} ago`
  return state === 'gone' ? 'none' : 'held'
}

/** Age of a time by the clock of the node that answered. */
export function ageText(status: Pick<ClusterStatus, 'at'>, time: string): string {
  return durationText(ageMs(status, time))
}

export function ageMs({ at }: Pick<ClusterStatus, 'at'>, time: string): number {
  return Math.max(0, Date.parse(at) - Date.parse(time))
}

/** How the whole stands, in one or two sentences. */
export function headline({ mode, nodes, table, moves }: ClusterStatus): string {
  const partitions = table.rows.length
  if (mode === 'embedded') return `One process owns all ${partitions} partitions.`
  const owners = nodes.filter(({ partitionsOwned }) => partitionsOwned > 0).length
  const ownerless = table.rows.filter(([owner]) => owner < 0).length
  const moving = moves.underWay.length
  const own = `${plural(owners, 'node')} ${owners === 1 ? 'owns' : 'own'} ${partitions} partitions.`
  const lacking = ownerless === 0 ? '' : ` ${plural(ownerless, 'partition')} without an owner.`
  return `${own}${lacking} ${moving === 0 ? 'Nothing moves.' : `${moving} on the move.`}`
}

/** What is unusual about a node; empty if nothing is. */
export function troubleOf(node: ClusterNode): string | undefined {
  if (node.state === 'gone') return 'Gone'
  if (!node.isAlive) return 'Silent'
  if (node.numbers === null) return 'Not answering'
  if (node.numbers.isFenced) return 'Cut off'
  return undefined
}

/** How a node's analytics stands, in one line. */
export function analyticsText({
  store,
  isAnswering,
  lag,
  bytes,
  lastError,
}: AnalyticsState): string {
  const name = store === 'duckdb' ? 'DuckDB' : 'ClickHouse'
  const size = bytes === null ? '' : `, ${bytesText(bytes)}`
  const behind = lag === 0 ? 'everything stored' : `${plural(lag, 'batch', 'batches')} behind`
  const state = isAnswering ? behind : 'not answering'
  return `${name}${size}; ${state}${lastError === null ? '' : `. Last trouble: ${lastError}`}`
}

/** What has changed that someone should hear of. */
export function newsBetween(before: ClusterStatus, after: ClusterStatus): string[] {
  const [were, are] = [presentIn(before), presentIn(after)]
  const joined = [...are].filter((id) => !were.has(id)).map((id) => `${id} has joined.`)
  const gone = [...were].filter((id) => !are.has(id)).map((id) => `${id} is gone.`)
  const servers = after.servers.flatMap(({ name, isReachable }) => {
    const was = before.servers.find((server) => server.name === name)
    if (was === undefined || was.isReachable === isReachable) return []
    return [isReachable ? `${name} is back.` : `${name} cannot be reached.`]
  })
  return [...joined, ...gone, ...servers]
}

function presentIn({ nodes }: ClusterStatus): ReadonlySet<string> {
  return new Set(nodes.filter(({ state }) => state !== 'gone').map(({ id }) => id))
}

export interface MoveGroup {
  readonly from: string | null
  readonly to: string
  readonly partitions: number
  /** Of these, how many are at it and not waiting their turn. */
  readonly active: number
}

/** Moves under way between the same nodes together. */
export function groupMoves(moves: readonly Move[]): MoveGroup[] {
  const groups = Map.groupBy(moves, ({ from, to }) => `${from} ${to}`)
  return [...groups.values()].map((group) => ({
    from: group[0]!.from,
    to: group[0]!.to,
    partitions: group.length,
    active: group.filter(({ state }) => state !== 'waiting').length,
  }))
}

export interface EndedGroup {
  readonly from: string | null
  readonly to: string
  readonly partitions: number
  /** There may have been more, which are no longer told. */
  readonly isCut: boolean
  /** Of the last of them. */
  readonly endedAt: string
  /** The longest that writes waited; null: not known. */
  readonly waitMs: number | null
}

/** Moves that are over, those between the same nodes at about the same time together. */
export function groupEnded(moves: readonly EndedMove[]): EndedGroup[] {
  const groups: EndedMove[][] = []
  for (const move of moves) {
    const group = groups.findLast(([first]) => first!.from === move.from && first!.to === move.to)
    const apart = Date.parse(group?.at(-1)?.endedAt ?? '') - Date.parse(move.endedAt)
    if (group !== undefined && apart <= TOGETHER_MS) group.push(move)
    else groups.push([move])
  }
  const oldest = moves.length < MOVES_TOLD_MAX ? -Infinity : Date.parse(moves.at(-1)!.endedAt)
  const isCut = (group: EndedMove[]) => Date.parse(group.at(-1)!.endedAt) - oldest <= TOGETHER_MS
  return groups.map((group) => {
    const { from, to, endedAt } = group[0]!
    const waits = group.map(({ waitMs }) => waitMs).filter((waitMs) => waitMs !== null)
    const waitMs = waits.length === 0 ? null : Math.max(...waits)
    return { from, to, partitions: group.length, isCut: isCut(group), endedAt, waitMs }
  })
}
