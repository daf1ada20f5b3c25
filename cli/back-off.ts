/**
 * How long to wait before a call is made again, and when to stop trying.
 *
 * Doubles from try to try with jitter, never shorter than the server asked. Giving up counts from
 * the last success, so an import of hours may meet many short outages.
 */

const FIRST_DELAY_MS = 200
const DELAY_MAX_MS = 10_000
/** A server that asks for longer is held to this, so that Ctrl-C and giving up stay near. */
const RETRY_AFTER_MAX_MS = 60_000
export const GIVE_UP_AFTER_MS = 5 * 60_000

/**
 * @param tries how often it was tried in vain, from 1
 * @param random from 0 to below 1
 */
export function delayBefore(tries: number, retryAfterMs: number, random: number): number {
  const ceiling = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (tries - 1))
  const jittered = ceiling * (0.5 + random / 2)
  return Math.max(jittered, Math.min(retryAfterMs, RETRY_AFTER_MAX_MS))
}
