/**
 * The real program as a child process, for scenarios that start, use, kill and restart it.
 *
 * It listens on a free port and keeps its data where the test says. Everything it prints is kept.
 * `stop` ends it as an operator would, `kill` as a power cut would; both wait until it is gone.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freezeProcess } from './services/freeze-process.ts'
import { killWithParent } from './services/parent-watch.ts'

const MAIN = path.resolve(import.meta.dirname, '../main.ts')
const ALONE = ['unshare', '--pid', '--fork', '--kill-child', '--']
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
/** What a node reads: a developer's own, or a server set aside for tests, is not for it. */
const OWN_SETTINGS = /^(TINYGRID_.*|OTEL_.*|(NATS|REDIS|MONGO|CLICKHOUSE)_(URL|TLS_.*))$/
export const API_KEY = 'test-key-0123456789'

export interface ProgramOptions {
  readonly dataDir: string
  /** Added to an environment that holds nothing else of Tinygrid's. */
  readonly env?: Readonly<Record<string, string>>
  /** Let the program make its own key, as at a first start. */
  readonly ownKey?: boolean
  readonly options?: readonly string[]
  /** Of another version than today's, the file that Node starts. */
  readonly main?: string
  /** As the first process of a name space, as in a container; takes root. */
  readonly isFirst?: boolean
}

export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #output = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    const release = child.pid === undefined ? () => {} : killWithParent(child.pid)
    this.#ended = new Promise((resolve) => {
      child.on('close', (code) => {
        release()
        resolve(code)
      })
    })
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => (this.#output += text))
    }
  }

  /** Starts the program and waits until it says where it listens. */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = Program.launch(options)
    const deadline = Date.now() + START_TIMEOUT_MS
    while (program.#child.exitCode === null && program.urlOrNone() === undefined) {
      if (Date.now() > deadline) throw new Error(`no start in time:\n${program.output}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    if (program.urlOrNone() === undefined) throw new Error(`it did not start:\n${program.output}`)
    return program
  }

  /** Starts the program without waiting: it may be meant to stop by itself. */
  static launch(settings: ProgramOptions): Program {
    const {
      dataDir,
      env = {},
      ownKey = false,
      options = [],
      isFirst = false,
      main = MAIN,
    } = settings
    const inherited = Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.test(name))
    const given = ownKey ? {} : { TINYGRID_API_KEY: API_KEY }
    const command = [...(isFirst ? ALONE : []), process.execPath, main, ...options]
    const child = spawn(command[0]!, command.slice(1), {
      cwd: dataDir,
      env: {
        ...Object.fromEntries(inherited),
        PORT: '0',
        TINYGRID_DATA_DIR: path.join(dataDir, 'data'),
        // Clicks are logged; who wants them stored says so.
        TINYGRID_ROLES: 'gateway,actors',
        ...given,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Program(child)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Of a program that is the first of a name space, its process; undefined: it has ended. */
  firstPid(): number | undefined {
    try {
      const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim()
      return children === '' ? undefined : Number(children)
    } catch {
      return undefined
    }
  }

  get output(): string {
    return this.#output
  }

  /** Where it listens, without a slash at the end. */
  get url(): string {
    return this.urlOrNone()!
  }

  urlOrNone(): string | undefined {
    return /Tinygrid listens on (https?:\/\/\S+)/.exec(this.#output)?.[1]
  }

  /** The sign-in link of a first start. */
  get signInUrl(): string | undefined {
    return /http:\/\/\S+\/#key=\S+/.exec(this.#output)?.[0]
  }

  kill(): Promise<number | null> {
    this.#child.kill('SIGKILL')
    return this.#ended
  }

  /** It holds its connections and answers nothing, like a machine that hangs. */
  freeze(): void {
    freezeProcess(this.pid)
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** SIGTERM, after this time SIGKILL, and its exit code. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<number | null> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    const code = await this.#ended
    clearTimeout(timer)
    return code
  }

  /** Waits for it to end by itself. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  /** Calls the API with the key. */
  api(route: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, headers, ...rest } = init
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const type = json === undefined ? {} : { 'content-type': 'application/json' }
    return fetch(`${this.url}${route}`, {
      redirect: 'manual',
      ...rest,
      ...body,
      headers: { 'x-api-key': API_KEY, ...type, ...(headers as Record<string, string>) },
    })
  }

  create(link: Record<string, unknown>): Promise<Response> {
    return this.api('/api/links', { method: 'POST', json: link })
  }

  visit(code: string): Promise<Response> {
    return fetch(`${this.url}/${code}`, { redirect: 'manual' })
  }
}

/** A directory that is removed when the test is over. */
export function temporaryDirectory(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}
