/**
 * The report of another node, read as what a stranger may have sent.
 *
 * Used by the observer. It must have what this node's own report has, of the same kinds; what a
 * newer program adds is left out. An older program says nothing of analytics. Pure.
 */
import { isCount, isFields, isNodeName, must, type Fields } from '../stored-value.ts'
import type { PartitionId } from '../../links/ids.ts'
import {
  CLICK_STORES,
  type AnalyticsState,
  type HandedOver,
  type NodeReport,
} from './cluster-status.ts'

/** More than a node hands over, or remembers, at a time. */
const LIST_LENGTH_MAX = 4_096
const TEXT_LENGTH_MAX = 4_096

/** @param own this node's report, as the model  @throws Malformed */
export function parseNodeReport(value: unknown, own: NodeReport): NodeReport {
  must(isFields(value) && isFields(value['numbers']), 'a report is no object')
  const { url, numbers, analytics = null, handingOver, handedOver } = value
  must(url === null || isText(url), 'a report has no address')
  must(isList(handingOver) && handingOver.every(isPartition), 'a report names no partitions')
  must(isList(handedOver) && handedOver.every(isHandedOver), 'a report has no hand-overs')
  must(analytics === null || isAnalytics(analytics), 'a report tells no analytics')
  return { url, numbers: parseNumbers(numbers, own.numbers), analytics, handingOver, handedOver }
}

function parseNumbers(fields: Fields, own: NodeReport['numbers']): NodeReport['numbers'] {
  // An older program knows all codes where it knows all links, and says nothing of it.
  const numbers: Fields = { partitionsKnown: fields['partitionsComplete'], ...fields }
  const entries = Object.entries(own).map(([name, model]) => {
    const value = numbers[name]
    const isNumber = typeof model === 'number' && Number.isFinite(value)
    const isOther = typeof model === 'string' ? isText(value) : typeof value === 'boolean'
    must(isNumber || (typeof model !== 'number' && isOther), `a report has no ${name}`)
    return [name, value] as const
  })
  return Object.fromEntries(entries) as unknown as NodeReport['numbers']
}

function isAnalytics(value: unknown): value is AnalyticsState {
  if (!isFields(value)) return false
  const { store, isAnswering, position, lag, stored, lost, bytes, lastError } = value
  return (
    CLICK_STORES.some((known) => known === store) &&
    typeof isAnswering === 'boolean' &&
    [position, lag, stored, lost].every((count) => isCount(count)) &&
    (bytes === null || isCount(bytes)) &&
    (lastError === null || isText(lastError))
  )
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length <= LIST_LENGTH_MAX
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX
}

function isPartition(value: unknown): value is PartitionId {
  return isCount(value)
}

function isHandedOver(value: unknown): value is HandedOver {
  if (!isFields(value) || !isPartition(value['partition'])) return false
  const { to, waitMs, at } = value
  return isNodeName(to) && Number.isFinite(waitMs) && isCount(at)
}
