/**
 * What load balancers and monitoring ask: `/health/live`, `/health/ready`, `/metrics`.
 *
 * Open without a key: they tell numbers, no links. Whoever shall not see them is kept off by the
 * reverse proxy.
 */
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { Type } from 'typebox'
import type { NodeStatus } from '../../links/link-owner.ts'
import { jsonReply } from '../api/api-replies.ts'
import { renderMetrics } from './process-metrics.ts'
import { DATA_SECURITY_HEADERS } from '../http/security-headers.ts'

export interface OperatorOptions {
  readonly registry: Registry
  readonly status: () => NodeStatus
  readonly isClosing: () => boolean
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const stateSchema = Type.Object({ status: Type.String() })
const readySchema = Type.Object({
  status: Type.String(),
  partitions: Type.Object(
    {
      owned: Type.Integer({ description: 'Here' }),
      complete: Type.Integer({ description: 'Of these: with every link in memory' }),
      known: Type.Integer({
        description: 'Of these: with every code, so that an unknown one is a 404 from memory',
      }),
    },
    { description: 'What is not known yet, or does not fit into memory, is read from the store' },
  ),
})

export function operatorRoutes(app: FastifyInstance, options: OperatorOptions): void {
  const { registry, status, isClosing } = options
  const live = {
    summary: 'Whether the process runs',
    tags: ['operation'],
    response: { 200: jsonReply('It does', stateSchema) },
  }
  app.get('/health/live', { schema: live }, (_request, reply) =>
    reply.headers(UNCACHED).send({ status: 'live' }),
  )
  const ready = {
    summary: 'Whether requests should be sent here',
    tags: ['operation'],
    response: {
      200: jsonReply('Yes: the table is known, and every partition was open once', readySchema),
      503: jsonReply('Starting or stopping', readySchema),
    },
  }
  app.get('/health/ready', { schema: ready }, (_request, reply) => {
    const { ready: isReady, ...counts } = status()
    const { partitionsOwned: owned, partitionsComplete: complete, partitionsKnown: known } = counts
    const state = isClosing() ? 'stopping' : isReady ? 'ready' : 'starting'
    return reply
      .code(state === 'ready' ? 200 : 503)
      .headers(UNCACHED)
      .send({ status: state, partitions: { owned, complete, known } })
  })
  const metrics = {
    summary: 'Metrics for Prometheus',
    tags: ['operation'],
    response: {
      200: {
        description: 'Text format 0.0.4',
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
    },
  }
  // All who ask meanwhile get the same text: gathering it takes milliseconds.
  let gathering: Promise<string> | undefined
  app.get('/metrics', { schema: metrics }, async (_request, reply) => {
    gathering ??= renderMetrics(registry).finally(() => (gathering = undefined))
    return reply
      .headers(UNCACHED)
      .type(METRICS_TYPE)
      .send(await gathering)
  })
}

const UNCACHED = { ...DATA_SECURITY_HEADERS, 'cache-control': 'no-store' }
