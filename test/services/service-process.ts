/**
 * A real server as a child process, which a test can kill, freeze, thaw and restart.
 *
 * What NATS, Redis and MongoDB have in common: a port of 127.0.0.1 and a directory, both kept across
 * restarts; a start that waits until the server answers in its own protocol; an end that leaves
 * nothing behind. A server dies with the process or worker thread that started it, however that
 * ends. It has a process group of its own, so that Ctrl-C in a terminal reaches the command alone,
 * which then stops its servers in order.
 */
import assert from 'node:assert'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { freezeProcess } from './freeze-process.ts'
import { freePort } from './free-port.ts'
import { killWithParent } from './parent-watch.ts'
import type { OwnNetwork } from './own-network.ts'
import { findProgram, type ProgramName } from './service-program.ts'

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 15_000
const POLL_INTERVAL_MS = 10
/** How long one greeting may take before the next. */
const GREETING_TIMEOUT_MS = 1_000
/** How often a start tries another port, when none was asked for. */
const PORT_ATTEMPTS_MAX = 5
/** Most of what it printed that is kept, in characters. */
const OUTPUT_LENGTH_MAX = 65_536

export interface ServiceOptions {
  /** Kept when the service is closed; without it, one of its own is made and removed. */
  readonly directory?: string
  readonly port?: number
  /** A network of its own, where it listens instead of on 127.0.0.1. */
  readonly network?: OwnNetwork
}

interface ServerPlace {
  readonly program: string
  readonly host: string
  readonly port: number
  readonly directory: string
}

/** What one kind of server needs to be told apart from another. */
export interface ServiceKind {
  readonly program: ProgramName
  readonly scheme: string
  args(at: ServerPlace): readonly string[]
  /** What it prints when it listens: its own word, so that another's port is not taken for its. */
  readonly readyLine: RegExp
  /** What to send to it, and what it then answers. */
  readonly greeting: { readonly send: string | Buffer; readonly expects: RegExp }
}

export class ServiceProcess {
  readonly #kind: ServiceKind
  readonly #ownsDirectory: boolean
  readonly #hasFixedPort: boolean
  readonly #network: OwnNetwork | undefined
  readonly directory: string
  #port: number
  /** The running server; undefined when it was killed, stopped or ended by itself. */
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #output = ''

  protected constructor(kind: ServiceKind, { directory, port, network }: ServiceOptions) {
    this.#network = network
    this.#kind = kind
    this.#ownsDirectory = directory === undefined
    this.#hasFixedPort = port !== undefined
    this.#port = port ?? 0
    this.directory = directory ?? mkdtempSync(path.join(os.tmpdir(), `tinygrid-${kind.program}-`))
  }

  get port(): number {
    return this.#port
  }

  get host(): string {
    return this.#network?.inside ?? '127.0.0.1'
  }

  get url(): string {
    return `${this.#kind.scheme}://${this.host}:${this.#port}`
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** What it printed lately. */
  get output(): string {
    return this.#output
  }

  /** First start. Where no port was asked for, one that was taken meanwhile is given up. */
  protected async begin(): Promise<void> {
    mkdirSync(this.directory, { recursive: true })
    try {
      for (let attempt = 1; ; attempt++) {
        if (!this.#hasFixedPort) this.#port = await freePort()
        if (await this.#launch()) return
        const isPortTaken = /in use|EADDRINUSE/i.test(this.#output)
        if (!isPortTaken || this.#hasFixedPort || attempt === PORT_ATTEMPTS_MAX) {
          throw new Error(`${this.#kind.program} did not start:\n${this.#output}`)
        }
      }
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** As a power cut would: SIGKILL. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** Returns when it has ended by itself, as that signal makes it do. */
  protected async endBy(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal)
    await this.#ended
  }

  /** As an operator would: SIGTERM, and SIGKILL if it does not end in time. */
  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM')
    this.#child?.kill('SIGCONT')
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.#ended
    clearTimeout(timer)
  }

  /** It holds its connections and answers nothing, like a machine that hangs. */
  freeze(): void {
    assert(this.#child?.pid, 'it does not run')
    freezeProcess(this.#child.pid)
  }

  thaw(): void {
    assert(this.#child, 'it does not run')
    this.#child.kill('SIGCONT')
  }

  /** Starts it again, on the same port and the same data; stops it first if it runs. */
  async restart(): Promise<void> {
    await this.stop()
    if (await this.#launch()) return
    throw new Error(`${this.#kind.program} did not start again:\n${this.#output}`)
  }

  /** Ends it, and removes its data if the directory is its own. May be repeated. */
  async close(): Promise<void> {
    await (this.#ownsDirectory ? this.kill() : this.stop())
    if (this.#ownsDirectory) {
      rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** True when it answers; false when it ended before that. */
  async #launch(): Promise<boolean> {
    const program = findProgram(this.#kind.program)
    if (!program) throw new Error(`${this.#kind.program} is missing: npm run services`)
    const { host, port, directory } = this
    const args = [
      program.path,
      ...this.#kind.args({ program: program.path, host, port, directory }),
    ]
    const [command, ...rest] = [...(this.#network?.command ?? []), ...args]
    this.#output = ''
    this.#adopt(spawn(command!, rest, { cwd: directory, detached: true, stdio: STDIO }))
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!this.#kind.readyLine.test(this.#output) || !(await this.#answers())) {
      if (!this.#child) return false
      if (Date.now() > deadline) throw new Error(`no start in time:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
    }
    return true
  }

  #adopt(child: ChildProcess): void {
    this.#child = child
    const release = child.pid === undefined ? undefined : killWithParent(child.pid)
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_LENGTH_MAX)
      })
    }
    child.on('error', (error) => (this.#output += error.message))
    this.#ended = new Promise((resolve) => {
      child.on('close', () => {
        release?.()
        this.#child = undefined
        resolve()
      })
    })
  }

  #answers(): Promise<boolean> {
    const { send, expects } = this.#kind.greeting
    const socket = connect({ port: this.#port, host: this.host, timeout: GREETING_TIMEOUT_MS })
    return new Promise((resolve) => {
      const conclude = (answered: boolean) => {
        socket.destroy()
        resolve(answered)
      }
      socket.on('connect', () => socket.write(send))
      socket.on('data', (answer) => conclude(expects.test(answer.toString('latin1'))))
      socket.on('timeout', () => conclude(false))
      socket.on('error', () => conclude(false))
      socket.on('close', () => conclude(false))
    })
  }
}

const STDIO: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
