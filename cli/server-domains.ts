/**
 * Asks the server which domains it has, as long as it takes for it to answer.
 *
 * Used by an import before its first link is sent. One of before there were domains has the default one alone.
 */
import type { ApiClient } from './api-client.ts'
import { begunAnswer } from './begun-answer.ts'
import type { SenderClock } from './bulk-sender.ts'
import type { ServerDomains } from './import-domains.ts'

/** @throws CommandError where the key is refused, or nobody answers for GIVE_UP_AFTER_MS */
export async function serverDomains(
  client: ApiClient,
  clock: SenderClock,
  onWait: (reason: string, ms: number) => void,
): Promise<ServerDomains> {
  const { body } = await begunAnswer({
    client,
    ask: () => ask(client),
    sleep: (ms) => clock.sleep(ms),
    onWait,
    givenUp: (reason) => `${client.baseUrl.origin} does not answer (${reason}).`,
  })
  const told = (body ?? {}) as Partial<ServerDomains>
  return { default: told.default ?? null, domains: told.domains ?? [] }
}

/** What an older server does not know, it has none of. */
async function ask(client: ApiClient) {
  const reply = await client.call('GET', '/api/domains')
  return reply.status === 404 ? { ...reply, status: 200, body: undefined } : reply
}
