/**
 * Waiting in scenarios: for what must come to be within a time, asked again and again.
 */

const POLL_INTERVAL_MS = 20

/** @throws Error that names what did not come to be */
export async function until(
  what: string,
  ms: number,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(POLL_INTERVAL_MS)
  }
}

/** For the pace of clients, and for how long a fault lasts. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
