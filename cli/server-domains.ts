/**
 * Asks the server which domains it has, as long as it takes for it to answer.
 *
 * Used by an import before its first link is sent. One of before there were domains has the default one alone.
 */
import {
  assertAccepted,
  delayBefore,
  GIVE_UP_AFTER_MS,
  Unreachable,
  type ApiClient,
} from './api-client.ts'
import type { SenderClock } from './bulk-sender.ts'
import { CommandError } from './command-error.ts'
import type { ServerDomains } from './import-domains.ts'

/** @throws CommandError where the key is refused, or nobody answers for GIVE_UP_AFTER_MS */
export async function serverDomains(
  client: ApiClient,
  clock: SenderClock,
  onWait: (reason: string, ms: number) => void,
): Promise<ServerDomains> {
  const began = clock.now()
  for (let tries = 1; ; tries++) {
    const { status, body, retryAfterMs, reason } = await ask(client)
    if (status === 200 || status === 404) {
      const told = (body ?? {}) as Partial<ServerDomains>
      return { default: told.default ?? null, domains: told.domains ?? [] }
    }
    if (clock.now() - began > GIVE_UP_AFTER_MS) {
      throw new CommandError(`Given up: ${client.baseUrl.origin} does not answer (${reason}).`)
    }
    const ms = delayBefore(tries, retryAfterMs, Math.random())
    onWait(reason, ms)
    await clock.sleep(ms)
  }
}

async function ask(client: ApiClient) {
  try {
    const reply = await client.call('GET', '/api/domains')
    if (reply.status !== 404) assertAccepted(reply, client)
    return { ...reply, retryAfterMs: reply.retryAfterMs ?? 0, reason: `status ${reply.status}` }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { status: 0, body: undefined, retryAfterMs: 0, reason: error.message }
  }
}
