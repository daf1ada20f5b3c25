/**
 * What must hold of log and stores when the click path has come to rest.
 *
 * Log: each click that it has was taken, and is there once, in the order of its node. Of what a node took that
 * ended by itself only what it counted as dropped is missing; of a killed one also what waited in it, and
 * where its log was sound that was taken within its last 100 ms. Stores: row by row what the log has but for what
 * it says is deleted; nothing of what a node took before a deletion that it promised. What analytics tells of
 * itself adds up to that.
 */
import { decodeBatch } from '../../clicks/log/batch-codec.ts'
import type { VisitsQuestion } from '../../clicks/store/question.ts'
import { toEpochMs } from '../../links/ids.ts'
import { droppedOf, type ClickNode } from './click-node.ts'
import { hasSoundLog } from './click-schedule.ts'
import type { ClickWorld } from './click-world.ts'
import type { ClickTable } from './simulated-click-store.ts'

/** Between a click and the sending of its batch: the recorder's 100 ms, and how late a timer may be. */
const TAKE_MS_MAX = 103
const EVERYTHING: VisitsQuestion = {
  from: toEpochMs(0),
  to: toEpochMs(2_000_000_000_000),
  filters: [],
  bots: 'include',
  orphans: false,
  timezone: 'UTC',
}

interface LoggedClick {
  readonly code: string
  readonly node: string
  readonly name: string
  readonly row: string
}

/** What is wrong, in words; undefined: nothing. */
export async function clickVerdict(world: ClickWorld): Promise<string | undefined> {
  const logged = loggedClicks(world)
  const names = new Set(logged.map(({ name }) => name))
  if (names.size < logged.length) return `the log has ${logged.length - names.size} clicks twice`
  for (const node of world.nodes) {
    const fault = nodeFault(node, logged, world)
    if (fault !== undefined) return `${node.name} (${node.state}): ${fault}`
  }
  const left = leftOf(world, logged)
  const deleted = new Set(world.nodes.flatMap((node) => node.deleted.map((click) => click.name)))
  const rows = left.map(({ row }) => row)
  for (const { name, table } of world.readers) {
    const stored = await storedRows(table)
    const difference = differenceOf(rows, stored)
    if (difference !== undefined) return `${name}: ${difference}`
    const kept = stored.find((row) => deleted.has(row.slice(row.lastIndexOf(' ') + 1)))
    if (kept !== undefined) return `${name}: ${kept} was to be deleted`
  }
  return numbersFault(world, logged.length)
}

function loggedClicks({ log }: ClickWorld): LoggedClick[] {
  return log.batches.flatMap(({ position, payload }) => {
    const { node, clicks } = decodeBatch(payload)
    return clicks.map(({ query, code, at, status }, index) => {
      const name = query.replace('utm_source=', '')
      return { node, name, code, row: `${position}/${index} ${at} ${status} ${node} ${name}` }
    })
  })
}

/** Of the clicks of the log those that no deletion behind them means. */
function leftOf({ log }: ClickWorld, logged: readonly LoggedClick[]): readonly LoggedClick[] {
  let left = logged
  for (const { position, payload } of log.batches) {
    const { deletion } = decodeBatch(payload)
    const isMeant = ({ code, row }: LoggedClick) =>
      code === deletion?.value && Number.parseInt(row, 10) < position
    if (deletion !== undefined) left = left.filter((click) => !isMeant(click))
  }
  return left
}

function nodeFault(
  { name, state, taken, numbers, ranMs }: ClickNode,
  logged: readonly LoggedClick[],
  { schedule }: ClickWorld,
): string | undefined {
  const inLog = logged.filter(({ node }) => node === name).map((click) => click.name)
  const found = new Set(inLog)
  const kept = taken.filter((click) => found.has(click.name))
  if (kept.map((click) => click.name).join() !== inLog.join())
    return `the log has other clicks than it took, or in another order`
  if (found.size < numbers.logged)
    return `it counted ${numbers.logged} as logged, not ${found.size}`
  const missing = taken.length - kept.length
  const dropped = droppedOf(numbers)
  if (missing > dropped + numbers.waiting)
    return `${missing} are missing, ${dropped} were dropped, ${numbers.waiting} waited`
  // What could not be logged until the end may have been logged all the same.
  if (state === 'stopped' && numbers.dropped.stop === 0 && missing < dropped)
    return `it counted ${dropped} as dropped, and ${missing} are missing`
  if (!hasSoundLog(schedule)) return undefined
  if (numbers.dropped.stop > 0) return `it dropped ${numbers.dropped.stop} at its stop`
  if (state === 'stopped' || dropped > 0) return undefined
  const first = taken.find((click) => !found.has(click.name))
  const lastMs = TAKE_MS_MAX + schedule.faults['click log'].delayMsMax
  if (first === undefined || first.ranMs >= ranMs - lastMs) return undefined
  return `${first.name} is missing, ${Math.round(ranMs - first.ranMs)} ms before its end`
}

async function storedRows(table: ClickTable): Promise<string[]> {
  const questions = [EVERYTHING, { ...EVERYTHING, orphans: true }]
  const chunks = questions.map((question) => Array.fromAsync(table.visits(question)))
  return (await Promise.all(chunks))
    .flat(2)
    .sort((a, b) => a.position - b.position || a.index - b.index)
    .map(({ position, index, at, status, node, utmSource }) => {
      return `${position}/${index} ${at} ${status} ${node} ${utmSource}`
    })
}

function differenceOf(rows: readonly string[], stored: readonly string[]): string | undefined {
  const at = rows.findIndex((row, index) => row !== stored[index])
  if (at < 0 && rows.length === stored.length) return undefined
  const place = at < 0 ? rows.length : at
  const counts = `${stored.length} rows of ${rows.length}`
  return `it has ${counts}; the first that differs is ${stored[place]}, in the log ${rows[place]}`
}

function numbersFault({ readers, schedule }: ClickWorld, logged: number): string | undefined {
  for (const { name, told } of readers) {
    if (told.lost + told.undecodable > 0)
      return `${name} has told of losses: ${JSON.stringify(told)}`
    // Where several write to one store, each counts what it has stored.
    if (schedule.stores === 'shared' && readers.length > 1) continue
    if (told.stored !== logged) return `${name} has told of ${told.stored} clicks of ${logged}`
  }
  return undefined
}
