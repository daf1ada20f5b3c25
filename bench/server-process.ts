/**
 * Servers under measurement, each a process of its own: Tinygrid as `npm start` runs it, or the bare
 * server. Tells their CPU time, and ends them, gently or by SIGKILL.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export const API_KEY = 'a-key-for-measuring-only'
/** What `npm start` passes to Node. */
export const NODE_OPTIONS = ['--max-semi-space-size=64']
const READY_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 30_000
/** Ticks of /proc per second; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

const ROOT = join(import.meta.dirname, '..')
const TURN_WATCH = join(import.meta.dirname, 'turn-watch.ts')
const CLICK_SWITCH = join(import.meta.dirname, 'click-switch.ts')

export interface TinygridOptions {
  readonly dataDir: string
  readonly isFastPathOn?: boolean
  /** A free one if left out. */
  readonly port?: number
  /** More for Node, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[]
  /** So that `longestTurnMs` can be asked for. */
  readonly isWatched?: boolean
  /** So that `switchClicks` can be called; not together with `isWatched`. */
  readonly hasClickSwitch?: boolean
  /** More settings. */
  readonly env?: Readonly<Record<string, string>>
}

export class ServerProcess {
  readonly port: number
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.#ended = once(child, 'exit')
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The longest turn of a watched server since it was asked last, in its own processor time. */
  async longestTurnMs(): Promise<number> {
    const told = once(this.#child, 'message')
    this.#child.send('longest turn')
    return ((await told) as [number])[0]
  }

  /** Of a server that has the switch. Resolves when what it noted before is logged. */
  async switchClicks(isOn: boolean): Promise<void> {
    const told = once(this.#child, 'message')
    this.#child.send(isOn)
    await told
  }

  /** User and system time of all its threads since its start; undefined where /proc is missing. */
  cpuMs(): number | undefined {
    return cpuMsOf(this.#child.pid)
  }

  /** The same with the processes that it started, such as analytics. */
  cpuMsOfAll(): number | undefined {
    try {
      const { pid } = this.#child
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      const pids = [pid, ...children.trim().split(' ').filter(Boolean).map(Number)]
      return pids.reduce<number>((sum, one) => sum + (cpuMsOf(one) ?? NaN), 0)
    } catch {
      return undefined
    }
  }

  /** Resident memory in bytes; undefined where /proc is missing. */
  residentBytes(): number | undefined {
    return this.#memoryBytes('VmRSS')
  }

  /** The same without pages of files, such as the store's, which the system takes back at need. */
  ownBytes(): number | undefined {
    return this.#memoryBytes('RssAnon')
  }

  #memoryBytes(field: string): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
      return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024
    } catch {
      return undefined
    }
  }

  /** Lets it finish; ends it by force if it takes too long. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.#ended
    clearTimeout(timer)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** User and system time of a process since its start; undefined where /proc is missing. */
export function cpuMsOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the name in brackets and may hold spaces; utime and stime are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}

/** Tinygrid, spawned and not waited for. */
export async function spawnTinygrid(options: TinygridOptions): Promise<ServerProcess> {
  const port = options.port ?? (await freePort())
  const told = preloadOf(options)
  const preload = told === undefined ? [] : ['--import', told]
  const args = [...NODE_OPTIONS, ...preload, ...(options.nodeOptions ?? []), 'main.ts']
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit', ...(told === undefined ? [] : (['ipc'] as const))],
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      TINYGRID_DATA_DIR: options.dataDir,
      TINYGRID_API_KEY: API_KEY,
      TINYGRID_FAST_PATH: String(options.isFastPathOn ?? true),
      TINYGRID_LOG_LEVEL: 'warn',
      ...options.env,
    },
  })
  return new ServerProcess(child, port)
}

/** What is loaded before the program, and told by messages. */
function preloadOf({ isWatched, hasClickSwitch }: TinygridOptions): string | undefined {
  if (isWatched === true) return TURN_WATCH
  return hasClickSwitch === true ? CLICK_SWITCH : undefined
}

/** Tinygrid, ready. */
export async function startTinygrid(options: TinygridOptions): Promise<ServerProcess> {
  const server = await spawnTinygrid(options)
  await untilReady(server)
  return server
}

export function startBareServer(): Promise<ServerProcess> {
  return startScript('bench/bare-server.ts')
}

export function startRawServer(): Promise<ServerProcess> {
  return startScript('bench/raw-server.ts')
}

/** The owner first: whoever asks it must be heard. */
export async function startRawRelay(
  natsUrl: string,
): Promise<{ owner: ServerProcess; gateway: ServerProcess }> {
  const owner = await startScript('bench/raw-relay.ts', 'owner', natsUrl)
  return { owner, gateway: await startScript('bench/raw-relay.ts', 'gateway', natsUrl) }
}

/** A script that prints its port. */
async function startScript(script: string, ...args: string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return new ServerProcess(child, Number(line))
}

export async function untilReady(server: ServerProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await isReady(server))) {
    if (server.hasEnded) throw new Error('the server ended before it was ready')
    if (performance.now() > deadline) throw new Error('the server does not become ready')
    await sleep(10)
  }
}

async function isReady(server: ServerProcess): Promise<boolean> {
  try {
    const response = await fetch(`${server.url}/health/ready`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
