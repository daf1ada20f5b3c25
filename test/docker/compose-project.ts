/**
 * `docker-compose.yml` as a user runs it, on the engine of the tests.
 *
 * No file is put over it. The variables that it takes anyway say what is the machine's: a free port, and
 * for the build npm's settings (registry and certificates) and the machine's network.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '../deadline.ts'
import { freePort } from '../services/free-port.ts'
import type { DockerEngine, Env } from './docker-engine.ts'
import { npm } from './npm-command.ts'

const REPOSITORY = path.resolve(import.meta.dirname, '../..')
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const READY_MS_MAX = 120_000
const START = 'http://localhost:'

export class ComposeProject {
  readonly #engine: DockerEngine
  readonly #env: Env
  readonly #options: readonly string[]
  /** Where the proxy, or the lone process, listens. */
  readonly url: string

  private constructor(engine: DockerEngine, ports: readonly number[], options: readonly string[]) {
    this.#engine = engine
    this.#options = options
    const [port, prometheusPort] = ports.map(String)
    this.#env = { TINYGRID_PORT: port!, PROMETHEUS_PORT: prometheusPort! }
    this.url = `${START}${port}`
  }

  /** @param options of `docker compose` */
  static async open(
    engine: DockerEngine,
    options: readonly string[] = [],
  ): Promise<ComposeProject> {
    return new ComposeProject(engine, [await freePort(), await freePort()], options)
  }

  /** `docker compose ...` @returns what it printed */
  compose(args: readonly string[], env: Env = {}): Promise<string> {
    const file = path.join(REPOSITORY, 'docker-compose.yml')
    const all = ['compose', '--file', file, ...this.#options, ...args]
    return this.#engine.docker(all, { ...this.#env, ...env })
  }

  /** Builds the image, with what npm needs on this machine. */
  async build(): Promise<void> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-npm-'))
    const NPMRC = path.join(directory, 'npmrc')
    try {
      writeFileSync(NPMRC, npmSettings(), { mode: 0o600 })
      await this.compose(['build', 'node'], { NPMRC, BUILD_NETWORK: 'host' })
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  /** `docker compose up`; returns when the port answers. */
  async up(args: readonly string[] = [], env: Env = {}): Promise<void> {
    await this.compose(['up', '--detach', '--no-build', ...args], env)
    await until('the port answers', READY_MS_MAX, async () => {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined)
      await answer?.arrayBuffer()
      return answer?.status === 200
    })
  }

  async containersOf(service: string): Promise<readonly string[]> {
    return (await this.compose(['ps', '--quiet', service])).split('\n').filter(Boolean)
  }

  /** A script of `deploy/docker/`, which is run where the project is. */
  async script(name: string, env: Env): Promise<void> {
    const file = path.join(REPOSITORY, 'deploy/docker', name)
    const project = { COMPOSE_FILE: path.join(REPOSITORY, 'docker-compose.yml') }
    await this.#engine.run(file, [], { ...this.#env, ...project, ...env })
  }

  /** From the link that the project prints, which signs a person in. */
  async apiKey(): Promise<string> {
    const logs = await this.compose(['logs', '--no-log-prefix', 'keys'])
    return new RegExp(`${this.url}/#key=(\\S+)`).exec(logs)![1]!
  }
}

/** The registry, and certificates in place of the file that has them, which a container does not see. */
function npmSettings(): string {
  const file = npm('config', 'get', 'cafile')
  const isSet = file !== 'null' && file !== 'undefined' && file !== ''
  const certificates = isSet ? (readFileSync(file, 'utf8').match(CERTIFICATE) ?? []) : []
  const lines = [
    `registry=${npm('config', 'get', 'registry')}`,
    ...certificates.map((pem) => `ca[]=${JSON.stringify(pem)}`),
  ]
  return `${lines.join('\n')}\n`
}
