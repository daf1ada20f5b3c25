/** Waits until something that counts up goes on no more: what a server makes for a client that reads nothing. */
import { setImmediate } from 'node:timers/promises'

/** Turns of the event loop without a change after which nothing is expected to come. */
const QUIET_TURNS = 200

/** @returns the count, once it has begun and come to rest */
export async function atRest(count: () => number): Promise<number> {
  let seen = -1
  let quiet = 0
  while (quiet < QUIET_TURNS) {
    await setImmediate()
    const now = count()
    quiet = now === seen && seen > 0 ? quiet + 1 : 0
    seen = now
  }
  return seen
}
