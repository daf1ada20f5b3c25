/**
 * The server's events as they come, from one connection after another, without a gap in between.
 *
 * Used by the clicks command. A connection that is lost is made again behind the last id that came, for ever:
 * who follows is to be there when the server is back.
 */
import { assertAccepted, delayBefore, Unreachable, type ApiClient } from './api-client.ts'
import { CommandError } from './command-error.ts'
import type { Line } from './lines.ts'

/** What came between two empty lines. */
export interface ServerEvent {
  /** Up to which all was told, with this event; undefined: none was named yet. */
  readonly id: string | undefined
  /** `click`, `change`, `gap`, `error`; undefined: nothing but an id. */
  readonly name: string | undefined
  readonly data: string
}

export interface Following {
  readonly client: ApiClient
  /** Clicks and changes, if it is left out. */
  readonly path?: string
  /** Behind this id; undefined: from now on. */
  readonly after: string | undefined
  readonly filters: readonly (readonly [name: string, value: string])[]
  readonly interrupted: AbortSignal
  readonly sleep: (ms: number) => Promise<void>
  /** Told why there is no connection, once for each time. */
  readonly onAway: (reason: string) => void
}

/** Ends when `interrupted` is aborted. @throws CommandError where the server will never do */
export async function* serverEvents(following: Following): AsyncGenerator<ServerEvent> {
  const { interrupted, sleep, onAway } = following
  let { after } = following
  /** Since there was a connection. */
  let tries = 0
  while (!interrupted.aborted) {
    let waitMs = 0
    let reason = 'the connection was closed'
    try {
      const reply = await begin(following, after)
      waitMs = reply.retryAfterMs ?? 0
      if (reply.status !== 200) throw new Unreachable(`status ${reply.status}`)
      for await (const event of eventsIn(reply.lines, after)) {
        tries = 0
        after = event.id
        yield event
      }
    } catch (error) {
      if (interrupted.aborted) return
      if (!(error instanceof Unreachable)) throw error
      reason = error.message
    }
    if (interrupted.aborted) return
    if (++tries === 1) onAway(reason)
    await sleep(delayBefore(tries, waitMs, Math.random()))
  }
}

async function begin(following: Following, after: string | undefined) {
  const { client, path = '/api/events', filters, interrupted } = following
  const query = new URLSearchParams(filters.map(([name, value]) => [name, value]))
  if (after !== undefined) query.set('after', after)
  const reply = await client.lines(`${path}?${query.toString()}`, interrupted)
  assertAccepted(reply, client)
  if (reply.status === 400) {
    throw new CommandError(
      'The server does not understand a filter or the position (--help tells what there is).',
    )
  }
  return reply
}

async function* eventsIn(
  lines: AsyncIterable<Line>,
  before: string | undefined,
): AsyncGenerator<ServerEvent> {
  let id = before
  let name: string | undefined
  let data = ''
  for await (const { text } of lines) {
    if (text === undefined) throw new CommandError('The server has told an event that is too long.')
    if (text === '') {
      yield { id, name, data }
      name = undefined
      data = ''
    } else if (text.startsWith('id: ')) id = text.slice(4)
    else if (text.startsWith('event: ')) name = text.slice(7)
    else if (text.startsWith('data: ')) data = text.slice(6)
  }
}
