/**
 * Webhooks and reports in the analytics process: put together over its log, its store and its settings.
 */
import { systemClock } from '../../links/clock.ts'
import type { Code } from '../../links/ids.ts'
import { toEpochMs } from '../../links/ids.ts'
import { FileValues } from '../hooks/file-values.ts'
import type { HookDesks } from '../hooks/hook-desks.ts'
import { post } from '../hooks/webhook-post.ts'
import { Webhooks } from '../hooks/webhooks.ts'
import { decodeBatch } from '../log/batch-codec.ts'
import type { ClickBatch } from '../log/click-batch.ts'
import { Reports } from '../reports/reports.ts'
import type { AnalyticsParts } from './analytics-parts.ts'

export interface HookSettings {
  /** The file that keeps webhooks, reports, and how far each has come. */
  readonly file: string
  /** Whether messages may be sent to addresses of private networks. */
  readonly allowsPrivate: boolean
  /** Where files of reports go. */
  readonly reportsDirectory: string
}

export interface HookOptions extends Pick<AnalyticsParts, 'log' | 'store' | 'parse'> {
  readonly settings: HookSettings
  readonly codesOfTags: (
    tags: readonly string[] | 'all',
  ) => Promise<ReadonlyMap<string, readonly Code[]>>
  readonly onError: (what: string, error: unknown) => void
}

export interface RunningHooks extends HookDesks {
  close(): Promise<void>
}

/** @throws StartError if what was saved cannot be read */
export async function openHooks(options: HookOptions): Promise<RunningHooks> {
  const { settings, store } = options
  const shared = {
    ...options,
    saved: await FileValues.open(settings.file),
    clock: systemClock,
    now: () => toEpochMs(Date.now()),
  }
  const webhooks = new Webhooks({
    ...shared,
    decode,
    post: (url, headers, body) => post(url, headers, body, settings),
  })
  const reports = new Reports({
    ...shared,
    ask: (question) => store.ask(question),
    tell: (id, messageId, event) => webhooks.tell(id, messageId, event),
    directory: settings.reportsDirectory,
  })
  const stop = new AbortController()
  await webhooks.start()
  await reports.start(stop.signal)
  const close = async () => {
    stop.abort()
    await webhooks.close()
  }
  return { webhooks, reports, close }
}

function decode(payload: Uint8Array): ClickBatch | undefined {
  try {
    return decodeBatch(payload)
  } catch {
    return undefined
  }
}
