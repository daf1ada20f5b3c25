/**
 * What the gateway is put together from; read by `gateway.ts`, given by a node's front and by tests.
 */
import type { Logger } from 'pino'
import type { AnalyticsNumbers } from '../clicks/analytics/analytics-ipc.ts'
import type { Analytics } from '../clicks/analytics/analytics.ts'
import type { HookDesks } from '../clicks/hooks/hook-desks.ts'
import type { ClickLogReader } from '../clicks/log/click-log.ts'
import type { Countries } from '../clicks/parse/address-data.ts'
import type { ClickRecorder } from '../clicks/ring/click-recorder.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import type { Clock } from '../links/clock.ts'
import type { EpochMs } from '../links/ids.ts'
import type { LinkDirectory, LinkOwner, NodeStatus } from '../links/link-owner.ts'
import type { LongWork } from '../links/long-work.ts'
import type { RouterCounters } from '../routing/router-counters.ts'
import type { BeginBackup } from './api/backup-route.ts'
import type { DrainNode } from './api/drain-route.ts'
import type { AuditNotes } from './audit/audit-trail.ts'
import type { NodeBlocking } from './blocking/node-blocking.ts'
import type { GatewaySettings } from './gateway-settings.ts'
import type { LogNumbers } from './operator/log-metrics.ts'
import type { MembershipNumbers } from './operator/membership-metrics.ts'
import type { readMetrics } from './operator/process-metrics.ts'
import type { RedirectCounters } from './pages/redirect-counters.ts'
import type { SignIn } from './sign-in/sign-in.ts'
import type { ClickParsing } from './stats/live-event.ts'
import type { OwnCertificate } from './tls/own-certificate.ts'

export interface GatewayOptions {
  readonly settings: GatewaySettings
  readonly owner: LinkOwner
  readonly directory: LinkDirectory
  readonly work: LongWork
  readonly status: () => NodeStatus
  readonly clusterStatus: () => Promise<ClusterStatus>
  /** undefined: there is one node. */
  readonly drainNode?: DrainNode | undefined
  /** Whether load balancers are to send nothing more, though everything is still answered. */
  readonly isStopping?: () => boolean
  readonly apiKey: string
  /** All other keys; undefined: there are none. */
  readonly keys?: KeyStore | undefined
  /** undefined: nobody signs in, there are keys alone. */
  readonly signIn?: SignIn | undefined
  /** Begins a backup of everything; undefined: nothing here makes one. */
  readonly backup?: BeginBackup | undefined
  /** Hosts to which no link may lead; undefined: there are none, and none can be named. */
  readonly blocking?: NodeBlocking | undefined
  /** undefined: nothing is audited. */
  readonly audit?: AuditNotes | undefined
  readonly logger: Logger
  readonly now: () => EpochMs
  /** With which HTTPS is served; undefined: it is HTTP. */
  readonly certificate?: OwnCertificate | undefined
  /** Shared with the fast path, if there is one. */
  readonly redirects?: RedirectCounters
  /** In a cluster: what the owner, a router, counts. */
  readonly router?: RouterCounters | undefined
  /** In a cluster: this node's part in it. */
  readonly membership?: (() => MembershipNumbers) | undefined
  /** The log as a whole; undefined: nobody tells. */
  readonly log?: (() => Promise<LogNumbers>) | undefined
  /** Where clicks are noted; undefined: they are not counted. */
  readonly clicks?: Pick<ClickRecorder, 'notes' | 'numbers'> | undefined
  /** Where deletions of clicks are noted; undefined: they are not counted. */
  readonly deletions?: Pick<ClickRecorder, 'noteDeletion'> | undefined
  /** Whom to ask about clicks; undefined: this program counts none. */
  readonly analytics?: Analytics | undefined
  /** Webhooks and reports; undefined: nothing here runs them. */
  readonly desks?: HookDesks | undefined
  /** How far this node's own analytics process is; undefined: it has none. */
  readonly analyticsNumbers?: (() => AnalyticsNumbers) | undefined
  /** Where clicks and changes are heard of as they come, and what makes clicks of them; both or none. */
  readonly clickLog?: Pick<ClickLogReader, 'read' | 'more' | 'span'> | undefined
  readonly parser?: ClickParsing | undefined
  /** Opens what tells the country of an address, for redirect rules; undefined: nothing does. */
  readonly openCountries?: (() => Promise<Countries | undefined>) | undefined
  /** Told how all metrics are read, by whom sends them elsewhere; undefined: nobody does. */
  readonly exportMetrics?: ((read: () => ReturnType<typeof readMetrics>) => void) | undefined
  /** Of live events. */
  readonly clock?: Clock
}
