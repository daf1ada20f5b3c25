/**
 * The `nats` program as an operator runs it, for tests of what it shows of a cluster.
 *
 * It finds no settings of the person who runs the tests. What it prints is taken as it is, without
 * colours, since it writes to no terminal.
 */
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { temporaryDirectory } from './program.ts'
import { findProgram } from './services/service-program.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000
const OUTPUT_BYTES_MAX = 2 ** 24

interface Surroundings {
  teardown(fn: () => void): void
}

export interface FollowingCommand {
  /** All that it has printed. */
  readonly output: () => string
}

export class NatsCommand {
  readonly #url: string
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(t: Surroundings, url: string) {
    this.#url = url
    const home = temporaryDirectory(t)
    this.#env = { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home }
  }

  /** Runs it to its end. Returns what it printed, on both streams. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run(programPath(), ['-s', this.#url, ...args], {
      env: this.#env,
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    })
    return stdout + stderr
  }

  /** Starts it, for what runs until the test ends. */
  follow(t: Surroundings, ...args: readonly string[]): FollowingCommand {
    const child = spawn(programPath(), ['-s', this.#url, ...args], { env: this.#env })
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    return { output: () => output }
  }
}

function programPath(): string {
  return findProgram('nats-cli')!.path
}
