/**
 * An answer that is waited for, or the beginning of one that is long: an export, a backup, the domains of a server.
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
  readonly ask: () => Promise<Reply>
  /** Throws when the command is interrupted. */
  readonly sleep: (ms: number) => Promise<void>
  /** Told before each wait. */
  readonly onWait?: (reason: string, ms: number) => void
  /** What is told of a server that is given up. */
  readonly givenUp: (reason: string) => string
}

/** @throws CommandError if it is refused, or does not begin in time */
export async function begunAnswer<Reply extends ApiReply>(
  options: BegunOptions<Reply>,
): Promise<Reply> {
  const { sleep, onWait, givenUp } = options
  const startedAt = Date.now()
  for (let tries = 1; ; tries++) {
    const { reply, waitMs, reason } = await tryToBegin(options)
    if (reply !== undefined) return reply
    if (Date.now() - startedAt > GIVE_UP_AFTER_MS) {
      throw new CommandError(`Given up: ${givenUp(reason)}`)
    }
    const ms = delayBefore(tries, waitMs, Math.random())
    onWait?.(reason, ms)
    await sleep(ms)
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
