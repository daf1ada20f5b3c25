/**
 * The click log as one simulated process sees it: the log in memory that all share, over a service that may
 * refuse, lose answers, or carry something out long after it was given up.
 */
import { TinygridError } from '../../links/errors.ts'
import type { MemoryClickLog } from '../../clicks/testing/memory-click-log.ts'
import type { ClickLogReader, ClickLogWriter } from '../../clicks/log/click-log.ts'
import type { Service } from '../service.ts'
import type { SimulatedProcess } from '../simulated-process.ts'

/** Of one read, so that there are several. */
const READ_BATCHES_MAX = 12
/** Until whoever waits for more looks again. */
const LOOK_AGAIN_MS = { min: 5, max: 80 }

export type AppendToLog = Pick<ClickLogWriter, 'append'>
export type ReadLog = Pick<ClickLogReader, 'read' | 'more' | 'span'>

export function simulatedLogWriter(
  process: SimulatedProcess,
  service: Service,
  log: MemoryClickLog,
): AppendToLog {
  return {
    append: (id, payload) =>
      service.call(
        process,
        () => `append ${id}`,
        () => log.append(id, payload),
        unavailable,
      ),
  }
}

export function simulatedLogReader(
  process: SimulatedProcess,
  service: Service,
  log: MemoryClickLog,
): ReadLog {
  const reader = log.reader()
  const call = <T>(what: string, effect: () => Promise<T>) =>
    service.call(process, () => what, effect, unavailable)
  return {
    read: (after) =>
      call(`read after ${after}`, async () =>
        (await reader.read(after)).slice(0, READ_BATCHES_MAX),
      ),
    span: () => call('span', () => reader.span()),
    more: async (_position, signal) => {
      if (signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const ms = process.random.between(LOOK_AGAIN_MS.min, LOOK_AGAIN_MS.max)
      const cancel = process.clock.after(ms, resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      cancel()
    },
  }
}

function unavailable(): TinygridError {
  return new TinygridError('click_log_unavailable')
}
