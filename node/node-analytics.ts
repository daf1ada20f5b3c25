/**
 * The analytics of this node: a process of its own, for a node that has the role.
 *
 * Used by `main.ts`. The process is started with the node, and ends before what it reads is closed.
 */
import path from 'node:path'
import type { Logger } from 'pino'
import type { Analytics } from '../clicks/analytics/analytics.ts'
import type { AnalyticsNumbers, AnalyticsSettings } from '../clicks/analytics/analytics-ipc.ts'
import { AnalyticsSupervisor, type CodesOfTags } from '../clicks/analytics/analytics-supervisor.ts'
import { forkAnalytics } from '../clicks/analytics/forked-analytics.ts'
import type { HookDesks } from '../clicks/hooks/hook-desks.ts'
import type { Config } from '../config.ts'
import { systemClock } from '../links/clock.ts'
import { clickDirectories } from './click-settings.ts'

/** What the node does with it. */
export interface NodeAnalytics extends Analytics {
  readonly numbers: AnalyticsNumbers
  /** Webhooks and reports, which it runs. */
  readonly desks: HookDesks
  start(codesOfTags: CodesOfTags): void
  close(timeoutMs: number): Promise<void>
}

/** Not started yet; undefined: the settings say that there is none. */
export function embeddedAnalytics(config: Config, logger: Logger): NodeAnalytics | undefined {
  if (!config.clicks || !config.roles.includes('analytics')) return undefined
  return new AnalyticsSupervisor({
    settings: settingsOf(config),
    fork: () => forkAnalytics((text) => logger.error({ text }, 'the analytics process printed')),
    clock: systemClock,
    random: Math.random,
    onLog: (level, what, detail) => logger[level](detail === '' ? {} : { detail }, what),
    onReady: (isReady) =>
      logger.debug(`questions about clicks are ${isReady ? '' : 'not '}answered`),
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
        : { kind: 'clickhouse', directory: store, url, namespace },
    retentionDays: clicksRetentionDays,
    keepsAddress: ipPrivacy !== 'none',
    geoipFile,
    geoipAsnFile,
    hooks: {
      values: { kind: 'file', file: hooks },
      allowsPrivate: webhookPrivate,
      reportsDirectory: reportsDir ?? path.join(dataDir, 'reports'),
    },
  }
}

function clusterLogOf({ namespace, nodeId }: Config, url: string): AnalyticsSettings['log'] {
  return { kind: 'jetstream', url, namespace, name: `${namespace} ${nodeId} analytics` }
}
