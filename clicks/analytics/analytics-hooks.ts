/**
 * Webhooks and reports in the analytics process: put together over its log, its store and its settings.
 *
 * Of a cluster's processes one runs them, so that each is told once.
 */
import { randomBytes } from 'node:crypto'
import { connectNats } from '../../cluster/nats/nats-connection.ts'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { NatsKeyValue } from '../../cluster/nats/nats-key-value.ts'
import { systemClock } from '../../links/clock.ts'
import { toEpochMs, type Code, type NodeId } from '../../links/ids.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import { ClickFeed } from '../feed/click-feed.ts'
import { JetStreamFeed, type JetStreamFeedSettings } from '../feed/jetstream-feed.ts'
import { BucketValues } from '../hooks/bucket-values.ts'
import { FileValues } from '../hooks/file-values.ts'
import type { HookDesks } from '../hooks/hook-desks.ts'
import { leadHooks } from '../hooks/hook-lead.ts'
import type { SavedValues } from '../hooks/saved-values.ts'
import { post } from '../hooks/webhook-post.ts'
import { Webhooks } from '../hooks/webhooks.ts'
import { decodeBatch } from '../log/batch-codec.ts'
import type { ClickBatch } from '../log/click-batch.ts'
import { Reports } from '../reports/reports.ts'
import { parquetOf } from '../store/duckdb-table-file.ts'
import type { AnalyticsParts } from './analytics-parts.ts'

const HOLDER_BYTES = 8

export interface HookSettings {
  readonly values: HookPlace
  /** Whether messages may be sent to addresses of private networks. */
  readonly allowsPrivate: boolean
  /** Where files of reports go. */
  readonly reportsDirectory: string
}

/** What keeps webhooks, reports, and how far each has come: a file, or the bucket of a cluster. */
export type HookPlace =
  | { readonly kind: 'file'; readonly file: string }
  | {
      readonly kind: 'bucket'
      readonly natsUrl: string
      readonly tls: TlsFiles
      readonly namespace: string
      readonly replicas: number
      readonly nodeId: NodeId
      /** Bounds of the stream of rows; undefined: there is none. */
      readonly feed: Pick<JetStreamFeedSettings, 'bytesMax' | 'ageMaxMs'> | undefined
    }

export interface HookOptions extends Pick<AnalyticsParts, 'log' | 'store' | 'parse'> {
  readonly settings: HookSettings
  readonly codesOfTags: (
    tags: readonly string[] | 'all',
  ) => Promise<ReadonlyMap<string, readonly Code[]>>
  readonly onError: (what: string, error: unknown) => void
}

export interface RunningHooks {
  /** undefined: they run in another node's process. */
  readonly desks: HookDesks | undefined
  close(): Promise<void>
}

interface Work {
  readonly desks: HookDesks
  end(): Promise<void>
}

/** @throws StartError if what was saved cannot be read */
export async function openHooks(options: HookOptions): Promise<RunningHooks> {
  const { values } = options.settings
  if (values.kind === 'bucket') return inCluster(options, values)
  const working = await work(options, await FileValues.open(values.file))
  return { desks: working.desks, close: () => working.end() }
}

/** Those of one process run, whichever has the lead. */
async function inCluster(
  options: HookOptions,
  { natsUrl, tls, namespace, replicas, nodeId, feed }: Extract<HookPlace, { kind: 'bucket' }>,
): Promise<RunningHooks> {
  const { onError } = options
  const { inboxPrefix } = namesOf(namespace)
  const connection = await connectNats({ url: natsUrl, tls, name: `${nodeId}-hooks`, inboxPrefix })
  const keyValue = await NatsKeyValue.open({
    connection,
    namespace,
    bucket: 'privateBucket',
    replicas,
    onError: (error) => onError('webhooks could not be watched', error),
  })
  let leading: Work | undefined
  const onLead = async () => {
    const saved = await BucketValues.open(keyValue)
    leading = await work(options, saved)
    const stream = feed && new JetStreamFeed(connection, { namespace, replicas, ...feed })
    const endFeed = feedRows(options, stream)
    return async () => {
      const ending = leading
      leading = undefined
      await ending?.end()
      await endFeed()
      saved.close()
    }
  }
  const stop = new AbortController()
  const holder = randomBytes(HOLDER_BYTES).toString('hex')
  const shared = { keyValue, clock: systemClock, nodeId, holder, onLead, onError }
  const leads = leadHooks(shared, stop.signal)
  return {
    get desks() {
      return leading?.desks
    },
    close: async () => {
      stop.abort()
      await leads
      await keyValue.close()
      await connection.close()
    },
  }
}

/** Returns what ends it. That the stream cannot be reached now is told, and tried again. */
function feedRows(
  { log, parse, onError }: HookOptions,
  stream: JetStreamFeed | undefined,
): () => Promise<void> {
  if (stream === undefined) return async () => {}
  const stop = new AbortController()
  const about = { log, parse, decode, stream, onError, random: Math.random }
  const running = new ClickFeed({ ...about, clock: systemClock }).run(stop.signal)
  return async () => {
    stop.abort()
    await running
  }
}

async function work(options: HookOptions, saved: SavedValues): Promise<Work> {
  const { settings, store } = options
  const shared = { ...options, saved, clock: systemClock, now: () => toEpochMs(Date.now()) }
  const webhooks = new Webhooks({
    ...shared,
    decode,
    post: (url, headers, body) => post(url, headers, body, settings),
  })
  const reports = new Reports({
    ...shared,
    ask: (question) => store.ask(question),
    parquetOf,
    tell: (id, messageId, event) => webhooks.tell(id, messageId, event),
    directory: settings.reportsDirectory,
  })
  const stop = new AbortController()
  await webhooks.start()
  await reports.start(stop.signal)
  const end = async () => {
    stop.abort()
    await webhooks.close()
  }
  return { desks: { webhooks, reports }, end }
}

function decode(payload: Uint8Array): ClickBatch | undefined {
  try {
    return decodeBatch(payload)
  } catch {
    return undefined
  }
}
