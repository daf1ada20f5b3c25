/**
 * The backup command: everything that a server has into one file, or to S3.
 *
 * What arrives is checked block by block as it goes on, and appears under its name only when it is whole.
 */
import { BackupError } from '../persistence/backup/backup-reader.ts'
import type { BackupEnd } from '../persistence/backup/backup-format.ts'
import { ApiClient, Unreachable } from './api-client.ts'
import { BACKUP_HELP, parseBackupOptions, type BackupOptions } from './backup-options.ts'
import { begunAnswer } from './begun-answer.ts'
import { sinkOf } from './backup-sink.ts'
import { PassingBackup } from './passing-backup.ts'
import {
  CommandError,
  endWithReader,
  EXIT_CODES,
  interruption,
  runCommand,
  sleepUnless,
} from './command-error.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'

const PATHS = { once: '/api/backup', follow: '/api/backup?follow=true' }
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
  const ask = () => client.bytes(options.follows ? PATHS.follow : PATHS.once, interrupted)
  const sleep = (ms: number) => sleepUnless(interrupted, ms)
  const givenUp = (reason: string) => `${client.baseUrl.origin} gives no backup (${reason})`
  const { bytes } = await begunAnswer({ client, ask, sleep, givenUp })
  const sink = await sinkOf(options.place, process.env)
  const passing = new PassingBackup(bytes, sink, interrupted)
  try {
    const end = await passing.pass()
    await sink.commit()
    return tell(options, end)
  } catch (error) {
    await sink.abandon()
    const { reached } = passing
    const behind = reached === undefined ? '' : ` ${options.place} reaches to ${reached}.`
    if (interrupted.aborted) {
      if (reached === undefined) throw new CommandError('Interrupted.', EXIT_CODES.interrupted)
      console.error(`Interrupted.${behind}`)
      return EXIT_CODES.done
    }
    if (error instanceof BackupError)
      throw new CommandError(`The backup ${error.message}.${behind}`)
    if (!(error instanceof Unreachable)) throw error
    const remedy = reached === undefined ? 'Give the command again.' : 'Begin another one.'
    throw new CommandError(`The backup was cut off (${error.message}).${behind} ${remedy}`)
  }
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
