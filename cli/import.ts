/**
 * The import command: wires options, input, server and files together and says how it ended.
 *
 * What it does is told by its help (import-options.ts); how, by import-run.ts.
 */
import { ApiClient } from './api-client.ts'
import { BulkSender } from './bulk-sender.ts'
import { EXIT_CODES, runCommand } from './command-error.ts'
import { IMPORT_HELP, parseImportOptions, type ImportOptions } from './import-options.ts'
import { ERROR_COLUMNS, ImportRun, OUTPUT_COLUMNS } from './import-run.ts'
import { openInput, type Input } from './input.ts'
import { interruption, sleepUnless } from './interruption.ts'
import { formatOfName, sniffFormat } from './link-format.ts'
import { readLinks } from './link-reader.ts'
import { progressDisplay, type ProgressDisplay } from './progress-display.ts'
import { ProgressFile, type Progress } from './progress-file.ts'
import { ResultFile } from './result-file.ts'
import { apiKey, serverUrl } from './server-address.ts'

await runCommand(async () => {
  const options = parseImportOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(IMPORT_HELP)
    return EXIT_CODES.done
  }
  return importLinks(options)
})

async function importLinks(options: ImportOptions): Promise<number> {
  const key = await apiKey(options.key, process.env)
  const client = new ApiClient(serverUrl(options.url, process.env), key)
  const input = await openInput(options.path)
  const progressFile = new ProgressFile(options.progressPath)
  if (options.isRestart) await progressFile.remove()
  const resumed = await progressFile.load(input.identity, client.baseUrl.origin)
  const display = progressDisplay(input.identity.bytes)
  if (resumed !== undefined) display.note(`Continuing after ${resumed.done} links.`)
  try {
    return await runImport({ options, client, input, progressFile, resumed, display })
  } finally {
    display.stop()
  }
}

interface Prepared {
  readonly options: ImportOptions
  readonly client: ApiClient
  readonly input: Input
  readonly progressFile: ProgressFile
  readonly resumed: Progress | undefined
  readonly display: ProgressDisplay
}

async function runImport(prepared: Prepared): Promise<number> {
  const { options, client, input, progressFile, resumed, display } = prepared
  const interrupted = interruption()
  const errors = new ResultFile(options.errorsPath, ERROR_COLUMNS, resumed?.errorsBytes ?? 0)
  const output = new ResultFile(options.outputPath, OUTPUT_COLUMNS, resumed?.outputBytes ?? 0)
  const clock = { now: () => Date.now(), sleep: (ms: number) => sleepUnless(interrupted, ms) }
  const run = new ImportRun({
    items: itemsOf(options, input, display),
    identity: input.identity,
    client,
    sender: new BulkSender(client, clock, (reason, ms) => {
      display.note(`Waiting ${Math.ceil(ms / 1000)} s: ${reason}`)
    }),
    progressFile,
    errors,
    output,
    resumed,
    interrupted,
    onProgress: (progress, endByte) => display.update(progress, endByte),
    onFailure: (item, { failure }) => {
      if (errors.path === undefined) display.note(`Line ${item.line}: ${failure!.detail}`)
    },
  })
  const progress = await run.run()
  errors.close()
  output.close()
  display.stop()
  if (interrupted.aborted) return leave(progress, progressFile)
  await progressFile.remove()
  return conclude(progress, errors)
}

function itemsOf(options: ImportOptions, input: Input, display: ProgressDisplay) {
  const format = options.format ?? formatOfName(options.path) ?? sniffFormat(input.head.toString())
  return readLinks(format, input.chunks, (name) => display.note(`No link has a ${name}: left out.`))
}

function leave(progress: Progress, progressFile: ProgressFile): number {
  const how = progressFile.path === undefined ? '' : ' The same command continues.'
  console.error(`Interrupted after ${progress.done} links.${how}`)
  // Standard input may still be open and would keep the process.
  process.exit(EXIT_CODES.interrupted)
}

function conclude({ made, reused, failed }: Progress, errors: ResultFile): number {
  const where = failed > 0 && errors.path !== undefined ? ` (listed in ${errors.path})` : ''
  console.error(`${made} links made, ${reused} were there, ${failed} failed${where}.`)
  return failed > 0 ? EXIT_CODES.someFailed : EXIT_CODES.done
}
