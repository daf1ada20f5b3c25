/**
 * The recorder of a node: what its redirects leave behind, on the way into its click log.
 *
 * Used by `tinygrid.ts`, over the seams that the way to run brings along: LMDB in the data directory,
 * or the servers of a cluster. The caller opens and closes the log.
 */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { AppliedChange } from '../actors/partition/applied-change.ts'
import type { ClickLogReader, ClickLogWriter } from '../clicks/log/click-log.ts'
import { ClickRecorder } from '../clicks/ring/click-recorder.ts'
import { DailySalts, type SaltStore } from '../clicks/ring/daily-salts.ts'
import type { Config } from '../config.ts'
import { systemClock } from '../links/clock.ts'
import type { EpochMs } from '../links/ids.ts'
import { ErrorLog } from './error-log.ts'

/** Where clicks go. */
export interface ClickSeams {
  readonly writer: ClickLogWriter
  /** Of what all nodes have written. */
  readonly reader: ClickLogReader
  readonly salts: SaltStore
}

export interface ClickRecording {
  readonly recorder: ClickRecorder
  /** Logs what there is, as far as it can be in this time. */
  close(timeoutMs: number): Promise<void>
}

const RUN_BYTES = 8

export async function startRecording(
  config: Config,
  seams: ClickSeams,
  logger: Logger,
  now: () => EpochMs,
): Promise<ClickRecording> {
  const { nodeId, ipPrivacy, respectDnt, trustProxy, clicksBufferBytesMax } = config
  const onError = new ErrorLog(logger).report
  const salts = new DailySalts({ store: seams.salts, clock: systemClock, now, onError })
  await salts.start()
  const recorder = new ClickRecorder({
    node: nodeId,
    run: randomBytes(RUN_BYTES).toString('hex'),
    writer: seams.writer,
    salts,
    privacy: ipPrivacy,
    respectDnt,
    trustProxy,
    bufferBytesMax: clicksBufferBytesMax,
    clock: systemClock,
    random: Math.random,
    defer: (action) => void setImmediate(action),
    onError,
  })
  const close = async (timeoutMs: number) => {
    await recorder.close(timeoutMs)
    salts.close()
  }
  return { recorder, close }
}

/** For live events and webhooks, which read the click log. */
export function noteChanges({ recorder }: ClickRecording, changes: readonly AppliedChange[]): void {
  for (const { kind, at, link } of changes) {
    const { code, url, title, tags } = link
    recorder.noteChange({ kind, at, code, url, title, tags })
  }
}
