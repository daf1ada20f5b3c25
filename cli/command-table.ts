/**
 * All commands of `tinygrid`, in the order in which its help tells them.
 *
 * A command is either a program of its own, which reads the command line of its process, or a question to a
 * server. What a command needs is loaded when it is called: `tinygrid list` does not load a database.
 */
import { existsSync } from 'node:fs'
import { runApiCommand, optionsOf, type ApiCommand } from './api-command.ts'
import { audit } from './audit-command.ts'
import { BACKUP_OPTIONS } from './backup-options.ts'
import { BLOCKING_COMMANDS } from './blocking-commands.ts'
import { CLICKS_OPTIONS } from './clicks-options.ts'
import { CommandError, EXIT_CODES } from './command-error.ts'
import { EXPORT_OPTIONS } from './export-options.ts'
import { IMPORT_OPTIONS } from './import-options.ts'
import { KEYS_OPTIONS } from './keys-options.ts'
import { LINK_COMMANDS } from './link-commands.ts'
import { RESTORE_OPTIONS } from './restore-options.ts'
import { VIEW_COMMANDS } from './view-commands.ts'

export interface Command {
  readonly name: string
  readonly about: string
  /** Names of its flags, without dashes, for completions. */
  readonly flags: readonly string[] | (() => Promise<readonly string[]>)
  /** @returns its exit code; undefined: it sets it itself, or lives on */
  readonly run: (args: readonly string[]) => Promise<number | undefined>
}

const serveFlags = async () => (await import('../node/program-options.ts')).serveFlagNames()
const doctorFlags = async () => Object.keys((await import('./doctor-options.ts')).DOCTOR_OPTIONS)
const verifyFlags = ['config', 'data-dir', 'json', 'help']
const clusterFlags = async () => Object.keys((await import('./cluster-options.ts')).CLUSTER_OPTIONS)

const CLUSTER_PROGRAM = './cluster.ts'

/** A program that runs when it is loaded, and reads `process.argv`. */
function program(
  name: string,
  about: string,
  flags: Command['flags'],
  load: () => Promise<unknown>,
  before: readonly string[] = [],
): Command {
  const run = async (args: readonly string[]) => {
    process.argv.splice(2, Infinity, ...before, ...args)
    await load()
    return undefined
  }
  return { name, about, flags, run }
}

function question(command: ApiCommand): Command {
  const { name, about } = command
  const flags = Object.keys(optionsOf(command))
  return { name, about, flags, run: (args) => runApiCommand(command, args) }
}

/** Its servers are built from the sources, which the package does not have. */
async function loadCluster(): Promise<unknown> {
  if (existsSync(new URL(CLUSTER_PROGRAM, import.meta.url))) return import('./cluster.ts')
  throw new CommandError(
    'cluster builds the servers it starts, for which it needs the sources of Tinygrid: run it there',
    EXIT_CODES.stopped,
  )
}

const serve = () => import('../main.ts')

export const COMMANDS: readonly Command[] = [
  program('serve', 'Runs a server: alone, or as a node of a cluster.', serveFlags, serve),
  program('cluster', 'Runs a whole cluster on this machine, to try it.', clusterFlags, loadCluster),
  ...LINK_COMMANDS.map(question),
  ...VIEW_COMMANDS.map(question),
  ...BLOCKING_COMMANDS.map(question),
  question(audit),
  program(
    'clicks',
    'Writes clicks and changes of links, a line of JSON each, as they happen.',
    Object.keys(CLICKS_OPTIONS),
    () => import('./clicks.ts'),
  ),
  program(
    'import',
    'Shortens every link of a file, also of other shorteners.',
    Object.keys(IMPORT_OPTIONS),
    () => import('./import.ts'),
  ),
  program(
    'export',
    'Writes every link into a file.',
    Object.keys(EXPORT_OPTIONS),
    () => import('./export.ts'),
  ),
  program(
    'backup',
    'Backs up a running server or cluster.',
    Object.keys(BACKUP_OPTIONS),
    () => import('./backup.ts'),
  ),
  program(
    'restore',
    'Restores a backup into a data directory or a new cluster.',
    Object.keys(RESTORE_OPTIONS),
    () => import('./restore.ts'),
  ),
  program(
    'keys',
    'Makes, lists, changes and revokes keys to the HTTP interface.',
    Object.keys(KEYS_OPTIONS),
    () => import('./keys.ts'),
  ),
  program(
    'doctor',
    'Looks at settings, machine and servers, and says what is wrong and what to do.',
    doctorFlags,
    () => import('./doctor.ts'),
  ),
  program(
    'verify',
    'Reads the data directory and says what is wrong with it.',
    verifyFlags,
    serve,
    ['--verify'],
  ),
]
