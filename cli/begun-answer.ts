/**
 * The beginning of an answer that is long: an export, a backup.
 *
 * A server that cannot begin just now is asked again after a wait, and given up after GIVE_UP_AFTER_MS. What
 * breaks off later is for who reads it.
 */
import {
  assertAccepted,
  delayBefore,
  GIVE_UP_AFTER_MS,
  Unreachable,
  type ApiClient,
  type ApiReply,
} from './api-client.ts'
import { CommandError } from './command-error.ts'

export interface BegunOptions<Reply> {
  readonly client: ApiClient
  /** What is asked for, to people. */
  readonly what: string
  readonly ask: () => Promise<Reply>
  /** Throws when the command is interrupted. */
  readonly sleep: (ms: number) => Promise<void>
}

/** @throws CommandError if it is refused, or does not begin in time */
export async function begunAnswer<Reply extends ApiReply>(
  options: BegunOptions<Reply>,
): Promise<Reply> {
  const { client, what, sleep } = options
  const startedAt = Date.now()
  for (let tries = 1; ; tries++) {
    const { reply, waitMs, reason } = await tryToBegin(options)
    if (reply !== undefined) return reply
    if (Date.now() - startedAt > GIVE_UP_AFTER_MS) {
      throw new CommandError(`Given up: ${client.baseUrl.origin} gives no ${what} (${reason})`)
    }
    await sleep(delayBefore(tries, waitMs, Math.random()))
  }
}

async function tryToBegin<Reply extends ApiReply>({ client, ask }: BegunOptions<Reply>) {
  try {
    const reply = await ask()
    assertAccepted(reply, client)
    if (reply.status === 200) return { reply, waitMs: 0, reason: '' }
    return { waitMs: reply.retryAfterMs ?? 0, reason: `status ${reply.status}` }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { waitMs: 0, reason: error.message }
  }
}
