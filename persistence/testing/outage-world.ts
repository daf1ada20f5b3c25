/** What tests of servers that go away need: bounds on calls meanwhile, and patience afterwards. */
import type { ExecutionContext } from 'ava'

const RETRY_MS = 10

/** Settles as the work does, and asserts that it took less than `msMax`. */
export async function timed<T>(t: ExecutionContext, msMax: number, work: Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await work
  } finally {
    t.true(performance.now() - start < msMax, `took ${performance.now() - start} ms`)
  }
}

/** Tries again until an attempt succeeds; rejects as the last one after `msMax`. */
export async function untilDone(msMax: number, attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + msMax
  while (true) {
    try {
      await attempt()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
