/**
 * A Docker engine for tests alone, and its command line.
 *
 * It has a socket, a network of bridges and process and mount name spaces of its own, and changes
 * nothing of the machine's: no firewall rule, no forwarding, no service. Whatever ends the test ends the
 * engine with all containers, as it is the first process of its name space. Images and parts of builds
 * are kept in the cache for the next run, of which there is one at a time; containers, volumes and
 * networks are not.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '../deadline.ts'
import { killWithParent } from '../services/parent-watch.ts'
import { dockerDirectory, findProgram } from '../services/service-program.ts'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 60_000
const COMMAND_TIMEOUT_MS = 600_000
/** What parts of builds may take; the oldest go first. */
const BUILD_CACHE = '3GB'

export type Env = Readonly<Record<string, string>>

export class DockerEngine {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #directory: string
  readonly #logFile: string

  private constructor(directory: string) {
    this.#directory = directory
    this.#logFile = path.join(directory, 'dockerd.log')
    const log = openSync(this.#logFile, 'a')
    const nameSpaces = ['--pid', '--fork', '--kill-child', '--mount', '--mount-proc']
    const daemon = ['tini', '--', findProgram('docker')!.path, '--config-file', this.#configure()]
    this.#child = spawn('unshare', [...nameSpaces, ...daemon], {
      stdio: ['ignore', log, log],
      detached: true,
    })
    const release = this.#child.pid === undefined ? () => {} : killWithParent(this.#child.pid)
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        release()
        resolve()
      })
    })
  }

  static async start(): Promise<DockerEngine> {
    const engine = new DockerEngine(mkdtempSync(path.join(os.tmpdir(), 'tinygrid-docker-')))
    try {
      await until('the Docker engine answers', START_TIMEOUT_MS, () => engine.#answers())
      await engine.#removeAll()
    } catch (error) {
      const log = readFileSync(engine.#logFile, 'utf8')
      await engine.close()
      throw new Error(`Docker did not start:\n${log}`, { cause: error })
    }
    return engine
  }

  /** For every client of it. */
  get env(): Env {
    return { DOCKER_HOST: `unix://${this.#directory}/docker.sock`, DOCKER_CONFIG: this.#directory }
  }

  /** `docker ...`. @returns what it printed @throws Error with what it printed, if it fails */
  docker(args: readonly string[], env: Env = {}): Promise<string> {
    return this.run('docker', args, env)
  }

  /** A program that is a client of it, such as a script. */
  run(program: string, args: readonly string[], env: Env = {}): Promise<string> {
    const child = spawn(program, args, {
      env: { ...process.env, ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
    })
    const printed = { all: '', out: '' }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        printed.all += text
        if (stream === child.stdout) printed.out += text
      })
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => {
        if (code === 0) return resolve(printed.out)
        reject(new Error(`${program} ${args.join(' ')} failed:\n${printed.all}`))
      })
    })
  }

  /** As a crash of its first process: Docker's own kill would not be followed by a restart. */
  async crash(container: string): Promise<void> {
    const pid = (await this.docker(['inspect', '-f', '{{.State.Pid}}', container])).trim()
    await this.run('nsenter', ['--target', String(this.#init()), '--pid', '--', 'kill', '-9', pid])
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.#removeAll().catch(() => {})
      const init = this.#init()
      if (init !== undefined) process.kill(init, 'SIGTERM')
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await this.#ended
      clearTimeout(timer)
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** The first process of the name space, which passes signals on to the engine. */
  #init(): number | undefined {
    const { pid } = this.#child
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  }

  async #answers(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error('it has ended')
    return this.docker(['version']).then(
      () => true,
      () => false,
    )
  }

  /** What an earlier run has left, if it was cut short, or this one. */
  async #removeAll(): Promise<void> {
    const containers = (await this.docker(['ps', '--all', '--quiet'])).split('\n').filter(Boolean)
    if (containers.length > 0) await this.docker(['rm', '--force', '--volumes', ...containers])
    const volumes = (await this.docker(['volume', 'ls', '--quiet'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await this.docker(['volume', 'rm', ...volumes])
    await this.docker(['network', 'prune', '--force'])
    await this.docker(['image', 'prune', '--force'])
  }

  /** @returns the engine's configuration file */
  #configure(): string {
    mkdirSync(dockerDirectory, { recursive: true })
    const plugins = path.join(this.#directory, 'cli-plugins')
    mkdirSync(plugins)
    symlinkSync(findProgram('compose')!.path, path.join(plugins, 'docker-compose'))
    const file = path.join(this.#directory, 'daemon.json')
    const settings = {
      'data-root': dockerDirectory,
      'exec-root': path.join(this.#directory, 'exec'),
      pidfile: path.join(this.#directory, 'docker.pid'),
      hosts: [`unix://${this.#directory}/docker.sock`],
      bridge: 'none',
      iptables: false,
      ip6tables: false,
      'ip-masq': false,
      'ip-forward': false,
      'log-level': 'warn',
      builder: { gc: { enabled: true, defaultKeepStorage: BUILD_CACHE } },
    }
    writeFileSync(file, JSON.stringify(settings))
    return file
  }
}
