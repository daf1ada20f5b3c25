/**
 * The export command: every link into one file, which appears under its name only when whole.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiClient } from './api-client.ts'
import {
  CommandError,
  endWithReader,
  EXIT_CODES,
  interruption,
  runCommand,
  sleepUnless,
} from './command-error.ts'
import { EXPORT_HELP, parseExportOptions, type ExportOptions } from './export-options.ts'
import { fileHead, linkRows } from './link-writer.ts'
import { exportedLinks } from './exported-links.ts'
import { progressDisplay } from './progress-display.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'

const STANDARD_OUTPUT = '-'

await runCommand(async () => {
  const options = parseExportOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(EXPORT_HELP)
    return EXIT_CODES.done
  }
  return exportLinks(options)
})

async function exportLinks(options: ExportOptions): Promise<number> {
  const env = await commandEnvironment()
  const key = await apiKey(options.key, env)
  const client = new ApiClient(serverUrl(options.url, env), key)
  const counted: Counted = { done: 0, failed: 0, damaged: [] }
  const text = textOf(options, client, counted)
  endWithReader(process.stdout)
  if (options.path === STANDARD_OUTPUT) await writeTo(process.stdout, text)
  else await writeFileWhole(options.path, text)
  console.error(`${counted.done} links exported.`)
  const { done: links, damaged } = counted
  if (options.isJson) console.log(JSON.stringify({ links, damaged }))
  if (counted.failed === 0) return EXIT_CODES.done
  const codes = counted.damaged.join(', ')
  console.error(`The store has damaged these, which were left out: ${codes}`)
  return EXIT_CODES.someFailed
}

interface Counted {
  done: number
  failed: number
  damaged: readonly string[]
}

async function* textOf(
  options: ExportOptions,
  client: ApiClient,
  counted: Counted,
): AsyncGenerator<string> {
  const interrupted = interruption()
  const display = progressDisplay(null)
  yield fileHead(options.format)
  const noteDamaged = (codes: readonly string[]) => {
    counted.failed = codes.length
    counted.damaged = codes
  }
  const sleep = (ms: number) => sleepUnless(interrupted, ms)
  for await (const links of exportedLinks(client, sleep, noteDamaged)) {
    if (interrupted.aborted) throw new CommandError('Interrupted.', EXIT_CODES.interrupted)
    yield linkRows(options.format, links)
    counted.done += links.length
    display.update(counted)
  }
}

async function writeFileWhole(path: string, text: AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`
  try {
    await pipeline(Readable.from(text), createWriteStream(part))
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new CommandError(`${path} cannot be written: ${(error as Error).message}`)
  }
}

async function writeTo(stream: Writable, text: AsyncIterable<string>): Promise<void> {
  for await (const part of text) {
    if (!stream.write(part)) await once(stream, 'drain')
  }
}
