/**
 * The doctor's look at the port: free, or taken, and by whom.
 */
import http from 'node:http'
import https from 'node:https'
import { createServer } from 'node:net'
import { json } from 'node:stream/consumers'
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

/** By HTTPS and by HTTP: whoever runs there may have been started with other settings than these. */
async function isTinygrid(host: string, port: number): Promise<boolean> {
  const near = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  const answers = await Promise.all([http, https].map((by) => isAlive(by, near, port)))
  return answers.includes(true)
}

/** Only whether it answers like one of ours is asked, so nobody's certificate has to be believed. */
function isAlive(by: typeof http | typeof https, host: string, port: number): Promise<boolean> {
  const options = {
    host,
    port,
    path: '/health/live',
    agent: false,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }
  return new Promise((resolve) => {
    const no = () => resolve(false)
    by.get(options, (response) => {
      json(response).then((body) => resolve(isOurs(body)), no)
    }).on('error', no)
  })
}

function isOurs(body: unknown): boolean {
  return (body as { status?: string } | null)?.status === 'live'
}
