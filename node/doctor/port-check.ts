/**
 * The doctor's look at the port: free, or taken, and by whom.
 */
import { createServer } from 'node:net'
import type { Config } from '../../config.ts'
import { ok, wrong, type Finding } from './finding.ts'

const CHECK = 'port'
const ANSWER_MS_MAX = 3_000
/** Below it, ports are for those with the right. */
const FREE_PORTS_FROM = 1_024

export interface ExaminedPort {
  readonly finding: Finding
  /** A Tinygrid answers there. */
  readonly isRunning: boolean
}

export async function examinePort({ host, port, reusePort }: Config): Promise<ExaminedPort> {
  const where = `${host} port ${port}`
  const failure = await whyUnusable({ host, port, reusePort })
  if (failure === undefined) {
    return { finding: ok(CHECK, `${where} is free`), isRunning: false }
  }
  if (failure.code === 'EADDRINUSE') return examineTaken(host, port, where)
  const advice =
    failure.code === 'EACCES' && port < FREE_PORTS_FROM
      ? `take a port from ${FREE_PORTS_FROM} on, or allow it: AmbientCapabilities=CAP_NET_BIND_SERVICE in a unit of systemd`
      : 'set HOST to an address of this machine (127.0.0.1, or 0.0.0.0 for all), and PORT to a free port'
  return {
    finding: wrong(CHECK, `${where} cannot be used: ${failure.message}`, advice),
    isRunning: false,
  }
}

async function examineTaken(host: string, port: number, where: string): Promise<ExaminedPort> {
  if (await isTinygrid(host, port)) {
    return { finding: ok(CHECK, `a Tinygrid runs on ${where}`), isRunning: true }
  }
  const advice = 'stop it, or set PORT to another one'
  return {
    finding: wrong(CHECK, `another program has taken ${where}`, advice),
    isRunning: false,
  }
}

function whyUnusable(place: {
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
}): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(place, () => server.close(() => resolve(undefined)))
  })
}

async function isTinygrid(host: string, port: number): Promise<boolean> {
  const near = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? host
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX)
    const response = await fetch(`http://${near}:${port}/health/live`, { signal })
    return ((await response.json()) as { status?: string } | null)?.status === 'live'
  } catch {
    return false
  }
}
