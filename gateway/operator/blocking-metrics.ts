/** The lists of blocked hosts and the check of URLs, in `GET /metrics`. */
import type { Registry } from 'prom-client'
import { HOST_SOURCES } from '../../links/blocked-hosts.ts'
import type { NodeBlocking } from '../blocking/node-blocking.ts'
import { counter, gauge, labelled } from './metrics.ts'

export function registerBlockingMetrics(
  registry: Registry,
  { blocked, file, check }: NodeBlocking,
): void {
  const hosts = { file: 'in the file', interface: 'named by the interface' }
  for (const source of HOST_SOURCES) {
    const help = `Blocked hosts ${hosts[source]}`
    gauge(registry, `tinygrid_blocked_hosts_${source}`, help, () => blocked.size(source))
  }
  if (check !== undefined) {
    const help = 'Requests to check a URL: answered, of those refused, and failed'
    labelled(registry, 'tinygrid_url_checks_total', 'result', help, () => check.counts)
  }
  if (file === undefined) return
  const currentHelp = '1 if the list that holds is the file as it is now; 0: it cannot be taken'
  gauge(registry, 'tinygrid_blocked_hosts_file_current', currentHelp, () => Number(file.isCurrent))
  const failuresHelp =
    'How often the file of blocked hosts was found changed and could not be taken'
  counter(registry, 'tinygrid_blocked_hosts_file_failures_total', failuresHelp, () => file.failures)
}
