/**
 * Closed-loop load: as many requests as a server answers, over a fixed number of connections.
 *
 * By wrk where it is installed: it is C, and draws nothing at random while it runs. Otherwise by
 * autocannon, which at these rates may itself be the limit; the report names the tool. For the
 * latency of a service level neither is used (open-loop.ts).
 */
import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import { newUrl, type VisitedLink } from './link-set.ts'
import { API_KEY, type ServerProcess } from './server-process.ts'

export type LoadTool = 'wrk' | 'autocannon'

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
  /** Errors of the socket, and answers that are neither 2xx nor 3xx. */
  readonly failures: number
  /** The CPU time per answered request: of the server, or of all that take part. */
  readonly cpuMicros: number | undefined
}

/** What uses CPU time for an answer: a server, or a process behind it. */
export interface CpuUser {
  /** Since its start; undefined: not known. */
  cpuMs(): number | undefined
}

const CONNECTIONS = 100
/**
 * One thread of wrk takes about as long for a request as the fast path for its answer, and would be
 * the limit; a second one uses what the server leaves of its core.
 */
const WRK_THREADS = 2
const run = promisify(execFile)

export function availableTool(): LoadTool {
  return spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'autocannon'
}

/** Asks for links, each as likely as the others. */
export class RedirectLoad {
  readonly #tool: LoadTool
  readonly #links: readonly VisitedLink[]
  readonly #pathsFile: string

  /** @param folder where the list of paths may be put */
  constructor(tool: LoadTool, links: readonly VisitedLink[], folder: string) {
    this.#tool = tool
    this.#links = links
    this.#pathsFile = join(folder, 'paths.txt')
  }

  async prepare(): Promise<void> {
    const paths = this.#links.map(({ code }) => `/${code}\n`)
    await writeFile(this.#pathsFile, shuffled(paths).join(''))
  }

  /** @param users whose CPU time is counted; the server's alone if left out */
  run(
    server: ServerProcess,
    seconds: number,
    users: readonly CpuUser[] = [server],
  ): Promise<LoadResult> {
    const first = String(Math.floor(Math.random() * this.#links.length))
    if (this.#tool === 'wrk') {
      return withCpu(users, () => runWrk(server, seconds, 'redirects', [this.#pathsFile, first]))
    }
    const request = {
      setupRequest: (base: autocannon.Request) => ({ ...base, path: this.#path() }),
    }
    return withCpu(users, () => runAutocannon(server, seconds, request))
  }

  #path(): string {
    return `/${this.#links[Math.floor(Math.random() * this.#links.length)]!.code}`
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1))
    ;[all[i], all[other]] = [all[other]!, all[i]!]
  }
  return all
}

/** Creates links one by one, each with a URL that was never used before. */
export function runCreates(
  tool: LoadTool,
  server: ServerProcess,
  seconds: number,
): Promise<LoadResult> {
  const salt = `${Date.now().toString(36)}-${server.port}`
  if (tool === 'wrk') {
    return withCpu([server], () => runWrk(server, seconds, 'creates', [API_KEY, salt]))
  }
  let count = 0
  const request: autocannon.Request = {
    method: 'POST',
    path: '/api/links',
    headers: { 'content-type': 'application/json', 'x-api-key': API_KEY },
    setupRequest: (base) => ({ ...base, body: JSON.stringify({ url: newUrl(salt, count++) }) }),
  }
  return withCpu([server], () => runAutocannon(server, seconds, request))
}

type Counted = Omit<LoadResult, 'cpuMicros' | 'perSecond'>

async function withCpu(
  users: readonly CpuUser[],
  load: () => Promise<Counted>,
): Promise<LoadResult> {
  const before = cpuMsOfAll(users)
  const counted = await load()
  const cpuMicros = ((cpuMsOfAll(users) - before) * 1000) / counted.requests
  return {
    ...counted,
    perSecond: counted.requests / counted.seconds,
    cpuMicros: Number.isNaN(cpuMicros) ? undefined : cpuMicros,
  }
}

/** NaN where it is not known. */
export function cpuMsOfAll(users: readonly CpuUser[]): number {
  return users.reduce((sum, user) => sum + (user.cpuMs() ?? Number.NaN), 0)
}

async function runWrk(
  server: ServerProcess,
  seconds: number,
  script: 'redirects' | 'creates',
  args: readonly string[],
): Promise<Counted> {
  const scriptFile = join(import.meta.dirname, `wrk-${script}.lua`)
  const given = [
    `-t${WRK_THREADS}`,
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '-s',
    scriptFile,
    server.url,
    '--',
  ]
  const { stdout } = await run('wrk', [...given, ...args])
  return parseWrk(stdout)
}

/** What wrk prints at its end, as numbers. */
export function parseWrk(text: string): Counted {
  const total = /(\d+) requests in ([\d.]+)(ms|s|m)/.exec(text)
  if (total === null) throw new Error(`wrk said:\n${text}`)
  const seconds = Number(total[2]) * { ms: 0.001, s: 1, m: 60 }[total[3] as 'ms' | 's' | 'm']
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0)
  const sockets = /Socket errors: (.*)/.exec(text)?.[1] ?? ''
  const broken = [...sockets.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0)
  return { requests: Number(total[1]), seconds, failures: refused + broken }
}

async function runAutocannon(
  server: ServerProcess,
  seconds: number,
  request: autocannon.Request,
): Promise<Counted> {
  const result = await autocannon({
    url: server.url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [request],
  })
  const refused = result['4xx'] + result['5xx']
  return {
    requests: result.requests.total,
    seconds: result.duration,
    failures: refused + result.errors + result.timeouts,
  }
}
