/** Long work for tests that are about something else: every turn comes at once. */
import { LongWork } from '../long-work.ts'

export function freeWork(): LongWork {
  return new LongWork({
    clock: { now: () => 0, after: () => () => {} },
    defer: (action) => queueMicrotask(action),
  })
}
