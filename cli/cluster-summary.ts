/** What is where in a cluster of this machine: printed once it is ready. */
import { findProgram } from '../test/services/service-program.ts'
import type { ClusterDirectory } from './cluster-directory.ts'
import { NAMESPACE, type LocalCluster } from './local-cluster.ts'

export const KEYS_LINE = 'Keys: + add a node, - stop one, k kill one, l list, ? keys, q quit'

export function summaryOf(cluster: LocalCluster, directory: ClusterDirectory): string {
  const { services, nodes } = cluster
  const { apiKey, path, isKept } = directory
  const url = nodes[0]!.url!
  const nats = `${natsProgram()} -s ${services.nats.url}`
  return `
Tinygrid runs on ${nodes.length === 1 ? 'one node' : `${nodes.length} nodes`}.

  web page   ${url}/#key=${apiKey}  (this link signs you in)
  API key    ${apiKey}
  NATS       ${services.nats.url}
  Redis      ${services.redis.url}
  MongoDB    ${services.mongo.url}
  nodes      ${nodes.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ')}
  data       ${path}${isKept ? '' : ' (removed at the end)'}, what the nodes log in logs/

See from outside:
  ${nats} micro ls
  ${nats} req ${NAMESPACE}.owner CODE
  ${nats} sub '${NAMESPACE}.events.>'
`
}

function natsProgram(): string {
  const program = findProgram('nats-cli')
  return program === undefined || program.from === 'PATH' ? 'nats' : program.path
}
