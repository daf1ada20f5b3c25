/**
 * The backup command: everything that a server has into one file, or to S3.
 *
 * What arrives is checked block by block as it goes on, and appears under its name only when it is whole.
 */
import { BackupError, readBackup } from '../persistence/backup/backup-reader.ts'
import type { BackupEnd } from '../persistence/backup/backup-format.ts'
import { ApiClient, Unreachable } from './api-client.ts'
import { BACKUP_HELP, parseBackupOptions, type BackupOptions } from './backup-options.ts'
import { begunAnswer } from './begun-answer.ts'
import { sinkOf, type BackupSink } from './backup-sink.ts'
import {
  CommandError,
  endWithReader,
  EXIT_CODES,
  interruption,
  runCommand,
  sleepUnless,
} from './command-error.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'
import { ShareDisplay } from './share-display.ts'

const PATH = '/api/backup'
/** Damaged links that are named. */
const CODES_NAMED_MAX = 20

await runCommand(async () => {
  const options = parseBackupOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(BACKUP_HELP)
    return EXIT_CODES.done
  }
  return backUp(options)
})

async function backUp(options: BackupOptions): Promise<number> {
  const env = await commandEnvironment()
  const key = await apiKey(options.key, env)
  const client = new ApiClient(serverUrl(options.url, env), key)
  endWithReader(process.stdout)
  const interrupted = interruption()
  const ask = () => client.bytes(PATH, interrupted)
  const sleep = (ms: number) => sleepUnless(interrupted, ms)
  const { bytes } = await begunAnswer({ client, what: 'backup', ask, sleep })
  const sink = await sinkOf(options.place, process.env)
  try {
    const end = await pass(bytes, sink, interrupted)
    await sink.commit()
    return tell(options, end)
  } catch (error) {
    await sink.abandon()
    if (interrupted.aborted) throw new CommandError('Interrupted.', EXIT_CODES.interrupted)
    if (error instanceof BackupError) throw new CommandError(`The backup ${error.message}.`)
    if (!(error instanceof Unreachable)) throw error
    throw new CommandError(`The backup was cut off (${error.message}). Give the command again.`)
  }
}

/** Checks what goes on. @throws BackupError, Unreachable */
async function pass(
  bytes: AsyncIterable<Buffer>,
  sink: BackupSink,
  interrupted: AbortSignal,
): Promise<BackupEnd> {
  const display = new ShareDisplay()
  const passed = (async function* () {
    for await (const piece of bytes) {
      interrupted.throwIfAborted()
      await sink.write(piece)
      display.add(piece.length)
      yield piece
    }
  })()
  for await (const block of readBackup(passed)) {
    if (block.kind === 'progress') display.update(block.share)
    if (block.kind === 'end') return block.end
  }
  throw new BackupError('has no end')
}

function tell({ place }: BackupOptions, end: BackupEnd): number {
  const where = place === '-' ? '' : ` in ${place}`
  console.error(`A backup of ${end.takenAt}${where}: ${end.versions} versions of links.`)
  if (end.clicksLeftOut !== null) console.error(`Clicks are not in it: ${end.clicksLeftOut}`)
  if (end.damagedCount === 0) return EXIT_CODES.done
  const named = end.damaged.slice(0, CODES_NAMED_MAX).join(', ')
  const more = end.damagedCount > CODES_NAMED_MAX ? ' and others' : ''
  console.error(`The store has damaged ${end.damagedCount}, which are not in it: ${named}${more}`)
  return EXIT_CODES.someFailed
}
