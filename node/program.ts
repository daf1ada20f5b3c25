/**
 * The program that `main.ts` starts: reads the settings, opens the data directory, starts a node, stops it
 * on a signal.
 *
 * Prints on standard output what a person needs (where it listens, the sign-in link of a first
 * start) and logs JSON lines on standard error. A start that cannot succeed ends by itself, with one
 * line and exit code 1, and leaves the data directory as it was.
 */
import { TinygridError, StartError } from '../links/errors.ts'
import { systemLongWork, type LongWork } from '../links/long-work.ts'
import { readConfig, type Config } from '../config.ts'
import { runDataCommand, type DataCommand } from './data-commands.ts'
import { openEmbedded } from './embedded-adapters.ts'
import { embeddedAnalytics } from './node-analytics.ts'
import { DataDirectoryError } from '../persistence/data-directory/data-directory.ts'
import { withOrigins, type GivenSettings } from './given-settings.ts'
import { collectSettings, readProgramOptions, type ProgramOptions } from './program-options.ts'
import { ConfigError } from './setting.ts'
import {
  describeConfig,
  effectiveSettings,
  settingsHelp,
  settingsTable,
} from './settings-display.ts'
import { openTelemetry } from './telemetry/telemetry.ts'
import { startTinygrid } from './tinygrid.ts'

import { setTimeout as sleep } from 'node:timers/promises'
import pino, { type Logger } from 'pino'

const HELP = `Tinygrid, a URL shortener that answers redirects from memory.

Usage: tinygrid serve [OPTION]...
       npm start -- [OPTION]...

  --help                  shows this
  --config FILE           settings from this file; without it from TINYGRID_CONFIG, else from tinygrid.toml if
                          that is in the working directory; none: from no file
  --print-config          shows what is set, and where, secrets hidden; starts nothing
  --json                  as JSON on standard output: where it listens, what a check has found, what is set
  --verify                reads the whole data directory, says what is wrong with it, serves nothing;
                          ends with exit code 0 if it is whole, or 1
  --repair                says what would be lost if the data directory were mended, changes nothing
  --repair --accept-loss  mends it; a copy of what is removed is kept beside the data

Examples
  tinygrid serve
  tinygrid verify --json
  tinygrid serve --port 8080 --base-url https://s.example
  tinygrid serve --config /etc/tinygrid/tinygrid.toml --print-config

Settings are flags, environment variables, or keys of the file; the first of these wins. One with a secret can be
in a file: --api-key-file FILE, TINYGRID_API_KEY_FILE, apiKeyFile, and so for the addresses of servers. A flag of a
setting that is true or false means true if it stands alone. Flag, variable, key (default):

${settingsHelp()}
`

/** Errors whose message says all: a setting, the data directory, a record that cannot be read. */
const EXPECTED = [ConfigError, DataDirectoryError, StartError, TinygridError]
/** Exit codes as shells know them: 1 a failure, 128 + n ended by signal n. */
const EXIT_FAILURE = 1
/** Connections, and all of a start that has failed: what does not close in this time is left as it is. */
const CLOSE_MS_MAX = 3_000
/** What was not sent by then, no collector hears of. */
const TELEMETRY_CLOSE_MS = 2_000
/** Over the stop timeout: what is closed after requests and flush takes at most this. */
const STOP_GRACE_MS = 5_000

/** What a signal does from now on. */
type HandleSignals = (handle: (signal: NodeJS.Signals) => void) => void

/** Ends the process where it fails. @param handleSignals replaces what ends the process at once */
export async function runProgram(handleSignals: HandleSignals): Promise<void> {
  await run(handleSignals).catch(end)
}

async function run(handleSignals: HandleSignals): Promise<void> {
  const options = readProgramOptions(process.argv.slice(2))
  const { task } = options
  if (task === 'help') {
    process.stdout.write(HELP)
    return
  }
  const given = collectSettings(options, process.env)
  const config = withOrigins(given, () => readConfig(given.env))
  if (task === 'print settings') return print(config, given, options)
  if (task !== 'serve') return runOnData(task, config, options.isJson)
  const logger = pino({ level: config.logLevel, base: null }, pino.destination(2))
  for (const warning of given.warnings) logger.warn(warning)
  logger.debug(describeConfig(config), 'settings')
  const telemetry = await openTelemetry(process.env, config.nodeId, logger)
  const isEmbedded = config.natsUrl === undefined
  const work = systemLongWork()
  const parts = isEmbedded
    ? {
        ...(await openEmbedded(config, work, (what) => logger.warn(what))),
        analytics: embeddedAnalytics(config, logger),
      }
    : await openInCluster(config, logger, work)
  const node = await startTinygrid({ config, logger, telemetry, work, stop, ...parts }).catch(
    async (error: unknown) => {
      await Promise.race([parts.close().catch(() => {}), sleep(CLOSE_MS_MAX)])
      throw 'explain' in parts ? parts.explain(error) : error
    },
  )
  const newKey = 'isNewKey' in parts && parts.isNewKey ? parts.apiKey : undefined
  announce(config, { url: node.url, newKey, isJson: options.isJson })
  // Nothing is acknowledged any more, and what is in memory gets old: there is nothing to wait for.
  if ('lost' in parts) void parts.lost.then(end)
  const close = async () => {
    await node.close()
    await telemetry?.close(TELEMETRY_CLOSE_MS)
    // A directory is closed in order; servers that are gone do not care, and may hold this up.
    await (isEmbedded ? parts.close() : Promise.race([parts.close(), sleep(CLOSE_MS_MAX)]))
  }
  handleSignals(stopperOf(logger, config, close))
}

/** Loaded here: the servers' drivers are a third of a start, and a process alone needs none of them. */
async function openInCluster(config: Config, logger: Logger, work: LongWork) {
  const { openCluster } = await import('./cluster-adapters.ts')
  const { clusterAnalytics } = await import('./cluster-analytics.ts')
  const parts = await openCluster(config, logger, work)
  const { connection, refused } = parts
  return { ...parts, analytics: clusterAnalytics(config, logger, { connection, refused }) }
}

function print(config: Config, given: GivenSettings, { isJson }: ProgramOptions): void {
  const settings = effectiveSettings(config, given)
  const { file = null, warnings } = given
  process.stdout.write(
    isJson ? `${JSON.stringify({ file, warnings, settings })}\n` : settingsTable(settings),
  )
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
}

async function runOnData(command: DataCommand, config: Config, isJson: boolean): Promise<void> {
  if (config.natsUrl !== undefined) {
    throw new ConfigError('--verify and --repair are for a data directory; NATS_URL is set')
  }
  const lines: string[] = []
  const isWhole = await runDataCommand(command, config, (line) => {
    if (isJson) lines.push(line)
    else process.stdout.write(`${line}\n`)
  })
  if (isJson) process.stdout.write(`${JSON.stringify({ isWhole, lines })}\n`)
  process.exitCode = isWhole ? 0 : EXIT_FAILURE
}

/** As SIGTERM does, whatever handles it by now. */
function stop(): void {
  process.emit('SIGTERM', 'SIGTERM')
}

interface Started {
  readonly url: string | null
  /** An API key that was made just now. */
  readonly newKey: string | undefined
  readonly isJson: boolean
}

function announce({ nodeId }: Config, { url, newKey, isJson }: Started): void {
  if (isJson) {
    const signInUrl = newKey === undefined ? null : `${url}/#key=${newKey}`
    process.stdout.write(`${JSON.stringify({ nodeId, url, signInUrl })}\n`)
    return
  }
  const lines = [
    url === null ? `Tinygrid runs as ${nodeId}, without a gateway` : `Tinygrid listens on ${url}`,
  ]
  if (newKey !== undefined) {
    lines.push('An API key was made and is kept in the data directory. This link signs you in:')
    lines.push(`${url}/#key=${newKey}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The first signal stops in order, a second one at once. */
function stopperOf(logger: Logger, config: Config, close: () => Promise<void>) {
  let isStopping = false
  return (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(EXIT_FAILURE)
    isStopping = true
    logger.info({ signal }, 'stopping')
    const timer = setTimeout(
      () => {
        logger.error(
          'the stop took too long; what is in the log is safe and comes back at the start',
        )
        process.exit(EXIT_FAILURE)
      },
      config.stopDelayMs + config.stopTimeoutMs + STOP_GRACE_MS,
    )
    timer.unref()
    close().then(
      () => {
        logger.info('stopped')
        clearTimeout(timer)
        // A driver that looks for a server that is gone would keep the process.
        process.exit()
      },
      (error: unknown) => end(error),
    )
  }
}

/** One line for what the operator can mend, everything for what they cannot. */
function end(error: unknown): void {
  const isExpected = EXPECTED.some((kind) => error instanceof kind)
  const cause = error as Error & { code?: string; syscall?: string }
  const text = isExpected || cause.syscall !== undefined ? cause.message : cause.stack
  process.stderr.write(`${text}\n`)
  // Whatever is still open must not keep the process.
  process.exit(EXIT_FAILURE)
}
