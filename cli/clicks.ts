/**
 * The clicks command: what happens on a server as lines of JSON, for whatever reads them.
 *
 * The position is saved once its lines are with whoever reads standard output, at most every SAVE_MS and at
 * the end; so lines come at least once, each with its id.
 */
import type { Writable } from 'node:stream'
import { ApiClient } from './api-client.ts'
import { CLICKS_HELP, parseClicksOptions, type ClicksOptions } from './clicks-options.ts'
import { CommandError, EXIT_CODES, interruption, runCommand } from './command-error.ts'
import { EventPosition } from './event-position.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'
import { serverEvents, type ServerEvent } from './server-events.ts'
import { setTimeout as sleepFor } from 'node:timers/promises'

const SAVE_MS = 1_000
/** Before the oldest event that there can be. */
const START = '0'

await runCommand(async () => {
  const options = parseClicksOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(CLICKS_HELP)
    return EXIT_CODES.done
  }
  return follow(options)
})

async function follow(options: ClicksOptions): Promise<number> {
  const env = await commandEnvironment()
  const key = await apiKey(options.key, env)
  const client = new ApiClient(serverUrl(options.url, env), key)
  const position = new EventPosition(options.position, client.baseUrl.origin)
  const after = (await position.load()) ?? (options.isFromStart ? START : undefined)
  const interrupted = interruption()
  // A sleep that is interrupted is over; the loop sees why.
  const sleep = (ms: number) => sleepFor(ms, undefined, { signal: interrupted }).catch(() => {})
  const onAway = (reason: string) =>
    console.error(`${client.baseUrl.origin} is away (${reason}); asking again.`)
  const { filters } = options
  const events = serverEvents({ client, after, filters, interrupted, sleep, onAway })
  await write(events, position)
  return EXIT_CODES.interrupted
}

async function write(events: AsyncIterable<ServerEvent>, position: EventPosition): Promise<void> {
  // Whoever writes is told.
  process.stdout.on('error', () => {})
  let saved: string | undefined
  let written: string | undefined
  let savedAt = 0
  const save = async () => {
    if (written === undefined || written === saved) return
    await position.save(written)
    saved = written
    savedAt = performance.now()
  }
  try {
    for await (const { id, name, data } of events) {
      if (name === 'gap') console.error(`The click log no longer had what came next: ${data}`)
      if (name === 'click' || name === 'change') {
        await flushed(process.stdout, `${JSON.stringify({ id, event: name, ...parsed(data) })}\n`)
      }
      written = id
      if (performance.now() - savedAt >= SAVE_MS) await save()
    }
  } finally {
    await save()
  }
}

function parsed(data: string): object {
  try {
    return JSON.parse(data) as object
  } catch {
    throw new CommandError('The server has told an event that is no JSON.')
  }
}

/** Resolves when the text is with the system. */
function flushed(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error == null) return resolve()
      reject(new CommandError(`Standard output cannot be written: ${error.message}`))
    })
  })
}
