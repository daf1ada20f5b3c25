/**
 * `GET /api/cluster`: what this node sees of the whole cluster, for operators and the cluster page.
 */
import type { FastifyInstance } from 'fastify'
import type { ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { clusterSchema } from './cluster-schema.ts'

export function clusterRoute(app: FastifyInstance, status: () => Promise<ClusterStatus>): void {
  const schema = {
    summary: 'The cluster as this node sees it',
    description:
      'Nodes, who owns which partition, moves, the log and the servers behind. Answers within half ' +
      'a second whatever is down; a node that did not answer in time has null for its numbers.',
    tags: ['operation'],
    response: { 200: jsonReply('The cluster', clusterSchema), ...problemReplies(401, 503) },
  }
  app.get('/api/cluster', { schema }, () => status())
}
