/**
 * Every link of the server, in batches, as its export gives them.
 *
 * An export that cannot begin just now is asked for again after a wait. One that is cut off on its
 * way stops the command: its last line tells whether it is whole.
 */
import { Unreachable, type ApiClient } from './api-client.ts'
import { begunAnswer } from './begun-answer.ts'
import { CommandError } from './command-error.ts'
import type { OptionName } from '../links/link-options.ts'
import type { Line } from './lines.ts'

const BATCH_LINKS = 1000

/** null, or of an older server undefined: it has none. */
type ListedOptions = { readonly [Name in Exclude<OptionName, 'rules'>]?: string | number | null }

/** A link as the HTTP interface shows it; times are ISO 8601 in UTC. */
export interface ListedLink extends ListedOptions {
  readonly code: string
  /** Left out of links on the default domain. */
  readonly domain?: string
  readonly shortUrl: string
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string | null
  readonly maxVisits: number | null
  /** null: not counted. */
  readonly visits: number | null
  readonly rules?: readonly object[] | null
  /** Not in exports, which have the hash. */
  readonly hasPassword?: boolean
}

export interface ExportedLink extends ListedLink {
  readonly isAlias: boolean
  readonly state: string
}

interface ExportEnd {
  readonly end: true
  readonly links: number
  readonly damaged: readonly string[]
}

/**
 * @param onDamaged told the codes whose links the store has damaged: they are left out
 * @throws CommandError when it cannot be had for GIVE_UP_AFTER_MS, or not to its end
 */
export async function* exportedLinks(
  client: ApiClient,
  sleep: (ms: number) => Promise<void>,
  onDamaged: (codes: readonly string[]) => void,
): AsyncGenerator<readonly ExportedLink[]> {
  const ask = () => client.lines('/api/export')
  const givenUp = (reason: string) => `${client.baseUrl.origin} gives no export (${reason})`
  const { lines } = await begunAnswer({ client, ask, sleep, givenUp })
  let batch: ExportedLink[] = []
  let count = 0
  for await (const value of valuesOf(lines)) {
    if ('end' in value) {
      if (value.links !== count) break
      yield batch
      if (value.damaged.length > 0) onDamaged(value.damaged)
      return
    }
    count++
    batch.push(value)
    if (batch.length < BATCH_LINKS) continue
    yield batch
    batch = []
  }
  throw cutOff('it has no end')
}

async function* valuesOf(lines: AsyncIterable<Line>): AsyncGenerator<ExportedLink | ExportEnd> {
  try {
    for await (const { text } of lines) yield JSON.parse(text ?? '') as ExportedLink | ExportEnd
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof SyntaxError)) throw error
    throw cutOff(error.message)
  }
}

function cutOff(why: string): CommandError {
  return new CommandError(`The export was cut off (${why}). Give the command again.`)
}
