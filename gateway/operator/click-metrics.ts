/**
 * Clicks on their way into the click log, in `GET /metrics`: what was accepted is what was logged, what
 * waits and what was dropped.
 */
import type { Registry } from 'prom-client'
import type { ClickRecorder } from '../../clicks/ring/click-recorder.ts'
import { counter, gauge, labelled } from './metrics.ts'

export function registerClickMetrics(
  registry: Registry,
  clicks: Pick<ClickRecorder, 'numbers'>,
): void {
  const numbers = () => clicks.numbers()
  const acceptedHelp = 'Clicks noted since the start'
  counter(registry, 'tinygrid_clicks_accepted_total', acceptedHelp, () => numbers().accepted)
  const loggedHelp = 'Clicks that the click log has'
  counter(registry, 'tinygrid_clicks_logged_total', loggedHelp, () => numbers().logged)
  const droppedHelp =
    'Clicks not logged, by reason: ring (too many at once), orphans (too many without a link), ' +
    'buffer (the click log could not be written for too long), stop'
  labelled(registry, 'tinygrid_clicks_dropped_total', 'reason', droppedHelp, () => {
    return numbers().dropped
  })
  const waitingHelp = 'Clicks that the click log does not have yet'
  gauge(registry, 'tinygrid_clicks_waiting', waitingHelp, () => numbers().waiting)
  const bytesHelp = 'Bytes of clicks that wait for the click log'
  gauge(registry, 'tinygrid_clicks_waiting_bytes', bytesHelp, () => numbers().waitingBytes)
  const changesHelp = 'Changes of links that were not logged for live events and webhooks'
  counter(registry, 'tinygrid_link_changes_dropped_total', changesHelp, () => {
    return numbers().changesDropped
  })
}
