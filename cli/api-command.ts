/**
 * A command that asks a server: its command line, its help, the question, and the answer as text or JSON.
 *
 * Used by `tinygrid.ts` for all commands of `link-commands.ts` and `view-commands.ts`. With --json exactly what
 * the server said goes to standard output, and what it refused, as problem+json, to standard error.
 */
import type { ParseArgsOptionDescriptor } from 'node:util'
import { ApiClient, Unreachable, type ApiReply } from './api-client.ts'
import { readCommandLine, type OptionTable } from './command-line.ts'
import { CommandError, endWithReader, EXIT_CODES, interruption } from './command-error.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'
import { serverEvents, type Following } from './server-events.ts'
import { harmless } from './text-table.ts'
import { setTimeout as sleepFor } from 'node:timers/promises'

export interface ApiCommand {
  readonly name: string
  readonly about: string
  /** What stands behind the name: `CODE`, `URL...`. */
  readonly takes: string
  /** Least and most. */
  readonly positionals: readonly [number, number]
  readonly options: Readonly<Record<string, CommandOption>>
  readonly examples: readonly string[]
  readonly run: (call: Call) => Promise<void>
}

export type CommandOption = ParseArgsOptionDescriptor & {
  readonly about: string
  /** What it takes, for the help; a boolean takes nothing. */
  readonly value?: string
}

const SHARED: Readonly<Record<string, CommandOption>> = {
  json: { type: 'boolean', about: 'JSON instead of text' },
  url: { type: 'string', value: 'URL', about: 'the server (TINYGRID_URL, http://localhost:3000)' },
  key: {
    type: 'string',
    value: 'KEY',
    about: 'its API key (TINYGRID_API_KEY, TINYGRID_API_KEY_FILE, or the file of a server here)',
  },
  help: { type: 'boolean', short: 'h', about: 'this' },
}

export function optionsOf({ options }: ApiCommand): Readonly<Record<string, CommandOption>> {
  return { ...options, ...SHARED }
}

/** Runs a command to its exit code. @throws CommandError */
export async function runApiCommand(command: ApiCommand, args: readonly string[]): Promise<number> {
  endWithReader(process.stdout)
  const { values, positionals } = readCommandLine(args, descriptorsOf(command))
  if (values['help'] === true) {
    process.stdout.write(helpOf(command))
    return EXIT_CODES.done
  }
  const [least, most] = command.positionals
  if (positionals.length < least || positionals.length > most) {
    throw new CommandError(`Usage: tinygrid ${command.name} ${command.takes} (--help tells more)`)
  }
  const env = await commandEnvironment()
  const key = await apiKey(values['key'] as string | undefined, env)
  const client = new ApiClient(serverUrl(values['url'] as string | undefined, env), key)
  const call = new Call(client, values, positionals)
  await command.run(call)
  return call.hasFollowed ? EXIT_CODES.interrupted : EXIT_CODES.done
}

function descriptorsOf(command: ApiCommand): OptionTable {
  const entries = Object.entries(optionsOf(command)).map(
    ([name, { about: _about, value: _value, ...rest }]) => [name, rest] as const,
  )
  return Object.fromEntries(entries)
}

export function helpOf(command: ApiCommand): string {
  const flags = Object.entries(optionsOf(command)).map(
    ([name, { value = '', about }]) => [`--${name} ${value}`.trimEnd(), about] as const,
  )
  const width = Math.max(...flags.map(([flag]) => flag.length))
  const lines = flags.map(([flag, about]) => `  ${flag.padEnd(width)}  ${about}`)
  return [
    `Usage: tinygrid ${command.name} ${command.takes} [options]`.replace('  ', ' '),
    `\n${command.about}\n\nOptions`,
    ...lines,
    '\nExamples',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n')
}

/** One run: what was asked for on the command line, and the server. */
export class Call {
  readonly positionals: readonly string[]
  readonly #client: ApiClient
  readonly #values: Readonly<Record<string, unknown>>
  /** What has no end of its own was followed until somebody ended it. */
  hasFollowed = false

  constructor(
    client: ApiClient,
    values: Readonly<Record<string, unknown>>,
    positionals: readonly string[],
  ) {
    this.#client = client
    this.#values = values
    this.positionals = positionals
  }

  get isJson(): boolean {
    return this.#values['json'] === true
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined
  }

  texts(name: string): readonly string[] | undefined {
    return this.#values[name] as readonly string[] | undefined
  }

  is(name: string): boolean {
    return this.#values[name] === true
  }

  /** @throws CommandError if it is no whole number above 0 */
  count(name: string): number | undefined {
    const given = this.text(name)
    if (given === undefined) return undefined
    if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
    throw new CommandError(`--${name} takes a whole number from 1, not ${harmless(given)}`)
  }

  /** What the server answered. @throws CommandError if it refused, or was not reached */
  async ask<T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<T> {
    const reply = await this.#reply(method, path, body)
    if (reply.status >= 200 && reply.status < 300) return reply.body as T
    throw this.#refused(reply)
  }

  /** Events of the server as they come, until the command is interrupted. */
  follow(path: string, filters: Following['filters'], after: string | undefined) {
    const { origin } = this.#client.baseUrl
    const interrupted = interruption()
    this.hasFollowed = true
    return serverEvents({
      client: this.#client,
      path,
      filters,
      after,
      interrupted,
      sleep: (ms) => sleepFor(ms, undefined, { signal: interrupted }).catch(() => {}),
      onAway: (reason) => process.stderr.write(`${origin} is away (${reason}); asking again.\n`),
    })
  }

  print(json: unknown, text: () => string): void {
    process.stdout.write(this.isJson ? `${JSON.stringify(json)}\n` : text())
  }

  async #reply(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: unknown) {
    try {
      return await this.#client.call(method, path, body)
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      const { origin } = this.#client.baseUrl
      throw new CommandError(`${origin} does not answer: ${error.message}`)
    }
  }

  #refused({ status, body }: ApiReply): CommandError {
    const { origin } = this.#client.baseUrl
    const problem = (body ?? {}) as { code?: string; detail?: string; title?: string }
    if (problem.code === undefined) {
      return new CommandError(`${origin} is no Tinygrid server (status ${status})`)
    }
    if (this.isJson) return new CommandError(JSON.stringify(problem), EXIT_CODES.refused)
    const hint =
      status === 401 ? ` (give the key by --key, TINYGRID_API_KEY or TINYGRID_API_KEY_FILE)` : ''
    const why = harmless(problem.detail ?? problem.title ?? 'no reason was given')
    return new CommandError(`${why} (${harmless(problem.code)})${hint}`, EXIT_CODES.refused)
  }
}
