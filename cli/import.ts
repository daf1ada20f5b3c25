/**
 * The import command: wires options, input, server and files together and says how it ended.
 *
 * What it does is told by its help (import-options.ts); how, by import-run.ts. A file is read twice:
 * first to see that all of it can be read, then to be sent.
 */
import { createInterface } from 'node:readline/promises'
import { ApiClient } from './api-client.ts'
import { BulkSender } from './bulk-sender.ts'
import { serverDomains } from './server-domains.ts'
import { CommandError, EXIT_CODES, runCommand, interruption, sleepUnless } from './command-error.ts'
import { IMPORT_HELP, parseImportOptions, type ImportOptions } from './import-options.ts'
import { ImportDomains, parseDomainRules } from './import-domains.ts'
import { columnOf, ERROR_COLUMNS, ImportRun, OUTPUT_COLUMNS } from './import-run.ts'
import { withAdaptedCodes } from './code-change.ts'
import { foreignInputOf, PLAIN_LIST, readForeign } from './foreign/foreign-input.ts'
import { ImportReport } from './import-report.ts'
import { openInput, STANDARD_INPUT, type Input } from './input.ts'
import { formatOfName, sniffFormat } from './link-format.ts'
import { placeOf, type InputItem, type ItemFailure } from './link-input.ts'
import { readLinks } from './link-reader.ts'
import { progressDisplay, type ProgressDisplay } from './progress-display.ts'
import { ProgressFile, type Progress } from './progress-file.ts'
import { ResultFile } from './result-file.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'
import { decodeText, encodingOf, type TextEncoding } from './text-decoding.ts'

await runCommand(async () => {
  const options = parseImportOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(IMPORT_HELP)
    return EXIT_CODES.done
  }
  const ignored = new Set(options.ignoredColumns)
  const domains = new ImportDomains(parseDomainRules(options.domains))
  if (options.isDryRun) return tryOut(options, ignored, domains)
  const isRead = options.path !== STANDARD_INPUT
  const total = isRead ? await count(options, ignored, domains) : null
  return importLinks(options, ignored, domains, total)
})

/** Counts the items of the input, and stops the command where it cannot be read. */
async function count(
  options: ImportOptions,
  ignored: Set<string>,
  domains: ImportDomains,
): Promise<number> {
  let items = 0
  const found = itemsOf(options, await openInput(options.path), ignored)
  for await (const item of found.items) {
    items++
    if (found.source !== undefined) domains.note(item)
  }
  return items
}

async function tryOut(
  options: ImportOptions,
  ignored: Set<string>,
  domains: ImportDomains,
): Promise<number> {
  const { shown, adaptsCodes } = options
  const report = new ImportReport({ shown, adaptsCodes, domains, now: Date.now(), sentenceOf })
  const found = itemsOf({ ...options, adaptsCodes: false }, await openInput(options.path), ignored)
  const { source } = found
  for await (const item of found.items) {
    if (source !== undefined) domains.note(item)
    report.add(item)
  }
  console.log(options.isJson ? JSON.stringify(report.json(source)) : report.text(source))
  return report.refused > 0 ? EXIT_CODES.someFailed : EXIT_CODES.done
}

async function importLinks(
  options: ImportOptions,
  ignored: Set<string>,
  domains: ImportDomains,
  total: number | null,
): Promise<number> {
  const env = await commandEnvironment()
  const key = await apiKey(options.key, env)
  const client = new ApiClient(serverUrl(options.url, env), key)
  const input = await openInput(options.path)
  const progressFile = new ProgressFile(options.progressPath)
  if (options.isRestart) await progressFile.remove()
  const resumed = await progressFile.load(input.identity, client.baseUrl.origin)
  const display = progressDisplay(total, resumed?.done)
  if (resumed !== undefined) display.note(`Continuing after ${resumed.done} links.`)
  try {
    const run = { options, ignored, domains, client, input, progressFile, resumed, display }
    return await runImport(run)
  } finally {
    display.stop()
  }
}

interface Prepared {
  readonly options: ImportOptions
  readonly ignored: Set<string>
  readonly domains: ImportDomains
  readonly client: ApiClient
  readonly input: Input
  readonly progressFile: ProgressFile
  readonly resumed: Progress | undefined
  readonly display: ProgressDisplay
}

async function runImport(prepared: Prepared): Promise<number> {
  const { options, domains, client, input, progressFile, resumed, display } = prepared
  const interrupted = interruption()
  const errors = new ResultFile(options.errorsPath, ERROR_COLUMNS, resumed?.errorsBytes ?? 0)
  const output = new ResultFile(options.outputPath, OUTPUT_COLUMNS, resumed?.outputBytes ?? 0)
  const clock = { now: () => Date.now(), sleep: (ms: number) => sleepUnless(interrupted, ms) }
  const onWait = (reason: string, ms: number) => {
    display.note(`Waiting ${Math.ceil(ms / 1000)} s: ${reason}`)
  }
  const { items, source } = itemsOf(options, input, prepared.ignored)
  if (source !== undefined) display.note(`Read as an export of ${source}.`)
  if (source !== undefined || domains.needsServer) {
    domains.settle(await serverDomains(client, clock, onWait))
    if (domains.notice !== undefined) display.note(domains.notice)
  }
  const run = new ImportRun({
    items: source === undefined ? domains.renamed(items) : domains.placed(items),
    identity: input.identity,
    client,
    sender: new BulkSender(client, clock, onWait),
    progressFile,
    errors,
    output,
    resumed,
    interrupted,
    onProgress: (progress) => display.update(progress),
    onFailure: (item, { failure }) => {
      if (errors.path === undefined) display.note(sentenceOf(item, failure!))
    },
  })
  const progress = await run.run()
  errors.close()
  output.close()
  display.stop()
  if (interrupted.aborted) return leave(progress, progressFile)
  await progressFile.remove()
  return conclude(options, progress, errors)
}

interface Found {
  readonly items: AsyncIterable<InputItem>
  /** The product that has exported it; undefined: it is ours. */
  readonly source: string | undefined
}

function itemsOf(options: ImportOptions, input: Input, ignored: Set<string>): Found {
  const { items, source } = foreignItems(options, input) ?? ourItems(options, input, ignored)
  return { items: options.adaptsCodes ? withAdaptedCodes(items) : items, source }
}

/** Who says how the file is laid out has one of ours. */
function foreignItems(options: ImportOptions, input: Input): Found | undefined {
  const { from, path, format, columns, ignoredColumns, encoding } = options
  const isTold = format !== undefined || columns !== undefined || ignoredColumns.length > 0
  if (from === undefined && isTold) return undefined
  const found = foreignInputOf(headText(input.head, encoding), from)
  if (found === undefined) return undefined
  if (found.form === 'sqlite' && path === STANDARD_INPUT) {
    throw new CommandError('An SQLite file is read by its name, not from standard input')
  }
  const items = readForeign(found, decodeText(input.chunks, encoding), path)
  return { items, source: found.product.title }
}

function ourItems(options: ImportOptions, input: Input, ignored: Set<string>): Found {
  const { path, columns, delimiter, encoding, from } = options
  const named = options.format ?? (from === PLAIN_LIST ? 'text' : formatOfName(path))
  const format = named ?? sniffFormat(headText(input.head, encoding))
  const canAsk = process.stdin.isTTY && process.stderr.isTTY && path !== STANDARD_INPUT
  const ask = canAsk ? askToIgnore : undefined
  const pieces = decodeText(input.chunks, encoding)
  return {
    items: readLinks(format, pieces, { columns, delimiter, ignored, ask }),
    source: undefined,
  }
}

function headText(head: Buffer, named?: TextEncoding): string {
  return new TextDecoder(encodingOf(head, named)).decode(head)
}

async function askToIgnore(name: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const question = `No link has a ${JSON.stringify(name)}. Leave the column out? [y/N] `
  const answer = await terminal.question(question)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

function sentenceOf(item: InputItem, failure: ItemFailure): string {
  const column = columnOf(item, failure)
  const place = column === undefined ? '' : `, column ${column}`
  return `${placeOf(item)}${place}: ${failure.detail}`
}

function leave(progress: Progress, progressFile: ProgressFile): number {
  const how = progressFile.path === undefined ? '' : ' The same command continues.'
  console.error(`Interrupted after ${progress.done} links.${how}`)
  // Standard input may still be open and would keep the process.
  process.exit(EXIT_CODES.interrupted)
}

function conclude(
  { isJson }: ImportOptions,
  { made, reused, failed }: Progress,
  errors: ResultFile,
): number {
  const errorsFile = failed > 0 ? (errors.path ?? null) : null
  if (isJson) console.log(JSON.stringify({ made, reused, failed, errorsFile }))
  const where = failed > 0 && errors.path !== undefined ? ` (listed in ${errors.path})` : ''
  console.error(`${made} links made, ${reused} were there, ${failed} failed${where}.`)
  return failed > 0 ? EXIT_CODES.someFailed : EXIT_CODES.done
}
