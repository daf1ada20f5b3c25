/**
 * How far the clicks of the log are stored, in `GET /metrics`: by this node's own analytics process. Not
 * there where the node has none.
 */
import type { Registry } from 'prom-client'
import type { AnalyticsNumbers } from '../../clicks/analytics/analytics-ipc.ts'
import { counter, gauge } from './metrics.ts'

export function registerAnalyticsMetrics(registry: Registry, read: () => AnalyticsNumbers): void {
  const readyHelp = '1 while questions about clicks are answered'
  gauge(registry, 'tinygrid_analytics_ready', readyHelp, () => Number(read().isReady))
  const lagHelp = 'Batches of the click log that are not in the click store yet'
  gauge(registry, 'tinygrid_clicks_lag_batches', lagHelp, () => read().lag)
  const storedHelp = 'Clicks brought from the click log into the click store'
  counter(registry, 'tinygrid_clicks_stored_total', storedHelp, () => read().stored)
  const lostHelp = 'Clicks that the click log dropped, or damage took, before they were stored'
  counter(registry, 'tinygrid_clicks_lost_total', lostHelp, () => read().lost)
  const undecodableHelp = 'Batches of the click log that could not be read, and were passed over'
  counter(registry, 'tinygrid_click_batches_undecodable_total', undecodableHelp, () => {
    return read().undecodable
  })
}
