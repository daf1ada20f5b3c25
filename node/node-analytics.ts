/**
 * The analytics of this node: a process of its own, for a node that has the role.
 *
 * Used by `program.ts`, and by `cluster-analytics.ts` for a node in a cluster. The process is started with
 * the node, and ends before what it reads is closed.
 */
import path from 'node:path'
import type { Logger } from 'pino'
import type { Analytics } from '../clicks/analytics/analytics.ts'
import type { AnalyticsNumbers, AnalyticsSettings } from '../clicks/analytics/analytics-ipc.ts'
import { AnalyticsSupervisor, type CodesOfTags } from '../clicks/analytics/analytics-supervisor.ts'
import { forkAnalytics } from '../clicks/analytics/forked-analytics.ts'
import type { HookDesks } from '../clicks/hooks/hook-desks.ts'
import { spanSink } from '../links/tracing.ts'
import type { Config } from '../config.ts'
import type { AnalyticsState } from '../cluster/observer/cluster-status.ts'
import { systemClock } from '../links/clock.ts'
import { clickDirectories } from './click-settings.ts'
import { serverTlsOf } from './server-tls-settings.ts'

const DAY_MS = 86_400_000

/** What the node does with it. */
export interface NodeAnalytics extends Analytics {
  /** Of this node's own process; undefined: it has none. */
  readonly numbers: AnalyticsNumbers | undefined
  /** What went wrong last in it, in one line. */
  readonly lastError: string | null
  /** Webhooks and reports, which it runs. */
  readonly desks: HookDesks | undefined
  /** @param copies how many living nodes have analytics */
  start(codesOfTags: CodesOfTags, copies: () => number): void
  close(timeoutMs: number): Promise<void>
}

/** Not started yet; undefined: the settings say that there is none. */
export function embeddedAnalytics(config: Config, logger: Logger): NodeAnalytics | undefined {
  return ownAnalytics(config, logger, () => {})
}

/** As operators are told; undefined: the node has no analytics process. */
export function analyticsState(
  config: Config,
  analytics: Pick<NodeAnalytics, 'numbers' | 'lastError'> | undefined,
): AnalyticsState | undefined {
  if (analytics?.numbers === undefined) return undefined
  const { isReady, lag, stored, lost, bytes } = analytics.numbers
  const position = analytics.numbers.position ?? 0
  const store = config.clickHouseUrl === undefined ? 'duckdb' : 'clickhouse'
  const { lastError } = analytics
  return { store, isAnswering: isReady, position, lag, stored, lost, bytes, lastError }
}

/** A process of this node's own. Not started yet; undefined: the settings say that there is none. */
export function ownAnalytics(
  config: Config,
  logger: Logger,
  onReady: (isReady: boolean, leadsHooks: boolean) => void,
): AnalyticsSupervisor | undefined {
  if (!config.clicks || !config.roles.includes('analytics')) return undefined
  return new AnalyticsSupervisor({
    settings: settingsOf(config),
    fork: () => forkAnalytics((text) => logger.error({ text }, 'the analytics process printed')),
    clock: systemClock,
    random: Math.random,
    onLog: (level, what, detail) => logger[level](detail === '' ? {} : { detail }, what),
    onReady: (isReady, leadsHooks) => {
      logger.debug(`questions about clicks are ${isReady ? '' : 'not '}answered`)
      onReady(isReady, leadsHooks)
    },
  })
}

function settingsOf(config: Config): AnalyticsSettings {
  const { dataDir, clicksRetentionDays, ipPrivacy, geoipFile, geoipAsnFile } = config
  const { webhookPrivate, reportsDir, clickHouseUrl: url, namespace, natsUrl } = config
  const { log, store, hooks } = clickDirectories(dataDir)
  return {
    log: natsUrl === undefined ? { kind: 'lmdb', directory: log } : clusterLogOf(config, natsUrl),
    store:
      url === undefined
        ? { kind: 'duckdb', directory: store }
        : {
            kind: 'clickhouse',
            directory: store,
            url,
            namespace,
            tls: serverTlsOf(config, 'CLICKHOUSE'),
          },
    retentionDays: clicksRetentionDays,
    keepsAddress: ipPrivacy !== 'none',
    isTraced: spanSink() !== undefined,
    geoipFile,
    geoipAsnFile,
    hooks: {
      values:
        natsUrl === undefined ? { kind: 'file', file: hooks } : clusterHooksOf(config, natsUrl),
      allowsPrivate: webhookPrivate,
      reportsDirectory: reportsDir ?? path.join(dataDir, 'reports'),
    },
  }
}

function clusterHooksOf(config: Config, natsUrl: string): AnalyticsSettings['hooks']['values'] {
  const { namespace, nodeId, logReplicas: replicas } = config
  const { clicksFeed, clicksLogBytesMax: bytesMax, clicksLogDays } = config
  const feed = clicksFeed ? { bytesMax, ageMaxMs: clicksLogDays * DAY_MS } : undefined
  const tls = serverTlsOf(config, 'NATS')
  return { kind: 'bucket', natsUrl, tls, namespace, replicas, nodeId, feed }
}

function clusterLogOf(config: Config, url: string): AnalyticsSettings['log'] {
  const { namespace, nodeId } = config
  const tls = serverTlsOf(config, 'NATS')
  return { kind: 'jetstream', url, tls, namespace, name: `${namespace} ${nodeId} analytics` }
}
