/**
 * One node of a cluster of this machine: the program as a child process.
 *
 * It has a process group of its own, so that Ctrl-C reaches the command alone, which stops its nodes
 * in order; and it dies with the command, however that ends. What it logs goes to a file.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { killWithParent } from '../test/services/parent-watch.ts'

const MAIN = path.resolve(import.meta.dirname, '../main.ts')
const NODE_FLAGS = ['--max-semi-space-size=64']
const POLL_INTERVAL_MS = 20
/** Over what the node itself allows for a stop. */
const STOP_TIMEOUT_MS = 20_000

export interface NodeProcessOptions {
  readonly name: string
  /** All of its environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
}

export class NodeProcess {
  readonly name: string
  readonly logFile: string
  readonly #child: ChildProcess
  /** How it ended: an exit code or the name of a signal. */
  readonly ended: Promise<string>
  #output = ''
  #isRunning = true
  #stopping: Promise<void> | undefined
  /** The command ends it: it is no surprise. */
  isEnding = false

  constructor({ name, env, logFile }: NodeProcessOptions) {
    this.name = name
    this.logFile = logFile
    this.#child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
      env: { ...env, TINYGRID_NODE_ID: name },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { pid, stdout, stderr } = this.#child
    const release = pid === undefined ? () => {} : killWithParent(pid)
    const log = createWriteStream(logFile, { flags: 'a' })
    stderr!.pipe(log)
    stdout!.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        release()
        this.#isRunning = false
        log.end(() => resolve(how))
      }
      this.#child.on('close', (code, signal) => end(signal ?? `exit code ${code}`))
      this.#child.on('error', (error) => end(error.message))
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Where it listens; undefined until it does. */
  get url(): string | undefined {
    return /Tinygrid listens on (http:\/\/\S+)/.exec(this.#output)?.[1]
  }

  /** The last thing it logged; empty: nothing. */
  get lastLine(): string {
    return readFileSync(this.logFile, 'utf8').trim().split('\n').at(-1)!
  }

  /** Waits until it listens; false: it ended before. */
  async listens(): Promise<boolean> {
    while (this.#isRunning && this.url === undefined) await sleep(POLL_INTERVAL_MS)
    return this.url !== undefined
  }

  /** SIGTERM once (a second one would cut the stop short), and SIGKILL if it takes too long. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    this.isEnding = true
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.ended
    clearTimeout(timer)
  }

  kill(): void {
    this.isEnding = true
    this.#child.kill('SIGKILL')
  }
}
