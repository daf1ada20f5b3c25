/**
 * `npm run cluster` as a child process, for the tests: its lines, its keys, its end.
 *
 * For keys it runs within util-linux's `script`, which gives it a terminal of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'

const COMMAND = path.join(import.meta.dirname, '..', 'cluster.ts')
const SCRIPT = '/usr/bin/script'
const WAIT_MS = 60_000
const POLL_INTERVAL_MS = 10
/** What a node reads: a developer's own is not for it. */
const OWN_SETTINGS = /^(TINYGRID_.*|NATS_URL|REDIS_URL|MONGO_URL|PORT|HOST)$/

export const hasTerminal = process.platform === 'linux' && existsSync(SCRIPT)

export class ClusterCommand {
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  output = ''

  private constructor(program: string, args: readonly string[]) {
    const inherited = Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.test(name))
    const env = Object.fromEntries(inherited)
    this.#child = spawn(program, args, { env, stdio: 'pipe' })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
    this.ended = new Promise((resolve) => this.#child.on('close', resolve))
  }

  static start(t: ExecutionContext, ...args: readonly string[]): ClusterCommand {
    return ended(t, new ClusterCommand(process.execPath, [COMMAND, ...args]))
  }

  static inTerminal(t: ExecutionContext, ...args: readonly string[]): ClusterCommand {
    const line = [process.execPath, COMMAND, ...args].join(' ')
    return ended(t, new ClusterCommand(SCRIPT, ['-qfec', line, '/dev/null']))
  }

  /** Waits until it has printed this, after what was waited for before. */
  async prints(line: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + WAIT_MS
    while (true) {
      const found = line.exec(this.output)
      if (found !== null) return found
      if (performance.now() > deadline) throw new Error(`no ${line} in:\n${this.output}`)
      if (this.#child.exitCode !== null) throw new Error(`ended without ${line}:\n${this.output}`)
      await sleep(POLL_INTERVAL_MS)
    }
  }

  press(key: string): void {
    this.#child.stdin!.write(key)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Where its nodes listen, once it is ready, and the key. */
  async ready(): Promise<{ url: string; key: string }> {
    const [, url, key] = await this.prints(/web page +(http:\S+)\/#key=(\S+)/)
    return { url: url!, key: key! }
  }

  /** The processes of its nodes, by name. */
  nodes(): Map<string, number> {
    const found = this.output.matchAll(/(n\d+) \(pid (\d+)\)/g)
    return new Map(Array.from(found, ([, name, pid]) => [name!, Number(pid)]))
  }
}

function ended(t: ExecutionContext, command: ClusterCommand): ClusterCommand {
  t.teardown(async () => {
    command.signal('SIGKILL')
    await command.ended
  })
  return command
}
