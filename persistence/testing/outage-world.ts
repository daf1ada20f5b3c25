/** What tests of servers that go away, or are busy, need: bounds on calls meanwhile, and patience afterwards. */
import type { ExecutionContext } from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { LinkStore } from '../store/link-store.ts'

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

/** Tries again until an attempt succeeds; rejects as the last one after `msMax`, or with what `isLasting`. */
export async function untilDone<T>(
  msMax: number,
  attempt: () => Promise<T>,
  isLasting: (error: unknown) => boolean = () => false,
): Promise<T> {
  const deadline = performance.now() + msMax
  while (true) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline || isLasting(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** Calls that may be made twice: a version is written once, however often it is sent. */
const REPEATABLE = new Set<string | symbol>([
  'get',
  'write',
  'partitionsPerLoad',
  'checkpoints',
  'saveCheckpoints',
  'removeTombstones',
] satisfies (keyof LinkStore)[])

/** The store, as one who asks again sees it: on a busy machine a server answers later than a store waits. */
export function askedAgain<S extends LinkStore>(store: S, msMax: number): S {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      if (!REPEATABLE.has(name)) return call
      return (...args: unknown[]) =>
        untilDone(
          msMax,
          async () => call(...args),
          (error) => !isAway(error),
        )
    },
  })
}

function isAway(error: unknown): boolean {
  return error instanceof TinygridError && error.code === 'store_unavailable'
}
