/**
 * A gateway over links in a map, for tests: a clock that stands still, a log that is kept.
 */
import net from 'node:net'
import { Writable } from 'node:stream'
import type { ExecutionContext } from 'ava'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { NodeStatus } from '../../links/link-owner.ts'
import type { LongWork } from '../../links/long-work.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { FakeAnalytics } from './fake-analytics.ts'
import { sampleCluster } from './cluster-sample.ts'
import { FakeLinks } from './fake-links.ts'
import { GATEWAY_DEFAULTS, type GatewaySettings } from '../gateway-settings.ts'
import type { GatewayOptions } from '../gateway-options.ts'
import { createGateway } from '../gateway.ts'
import type { LinkView } from '../api/link-schemas.ts'
import type { LogNumbers } from '../operator/log-metrics.ts'
import type { MembershipNumbers } from '../operator/membership-metrics.ts'
import type { Problem } from '../http/problem.ts'
import { createRedirectCounters, type RedirectCounters } from '../pages/redirect-counters.ts'
import { createRouterCounters, type RouterCounters } from '../../routing/router-counters.ts'

export const KEY = 'a-key-for-tests-0123456789'
export const NOW = Date.UTC(2030, 0, 1) as EpochMs
const HOUR_MS = 3_600_000
export const IN_AN_HOUR = new Date(NOW + HOUR_MS).toISOString()

export interface TestGateway {
  readonly app: FastifyInstance
  readonly links: FakeLinks
  readonly analytics: FakeAnalytics
  readonly redirects: RedirectCounters
  readonly router: RouterCounters
  readonly work: LongWork
  readonly clock: { now: EpochMs }
  readonly status: { -readonly [K in keyof NodeStatus]: NodeStatus[K] }
  /** What was logged, as JSON lines. */
  readonly log: () => string
  /** Listens on a free port of 127.0.0.1. */
  readonly listen: () => Promise<number>
  readonly add: (link: Partial<Omit<Link, 'code'>> & { code: string }) => Link
  readonly call: (method: Method, path: string, body?: unknown, headers?: Headers) => Promise<Reply>
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'OPTIONS'
type Headers = Record<string, string>

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body, if it is JSON: whatever the test expects it to be. */
  readonly json: ReplyJson
}

type ReplyJson = LinkView & Problem & ListAndBulk

interface ListAndBulk {
  readonly links: LinkView[]
  readonly nextCursor: string | null
  readonly results: readonly { status: number; link: LinkView; error: Problem }[]
}

export async function startGateway(
  t: ExecutionContext,
  settings: Partial<GatewaySettings> = {},
  work = freeWork(),
  more: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const clock = { now: NOW }
  const links = new FakeLinks(() => clock.now)
  const analytics = new FakeAnalytics()
  const status = { ...STATUS }
  const lines: string[] = []
  const redirects = createRedirectCounters()
  const router = createRouterCounters()
  const app = await createGateway({
    settings: { ...GATEWAY_DEFAULTS, ...settings },
    owner: links,
    directory: links,
    work,
    status: () => status,
    clusterStatus: async () => sampleCluster(status),
    apiKey: KEY,
    redirects,
    router,
    membership: () => MEMBERSHIP,
    log: async () => LOG,
    logger: pino({ level: 'debug' }, keepLines(lines)),
    now: () => clock.now,
    analytics,
    deletions: analytics,
    ...more,
  })
  t.teardown(() => app.close())
  return {
    app,
    links,
    analytics,
    redirects,
    router,
    work,
    clock,
    status,
    log: () => lines.join(''),
    listen: async () => {
      await app.listen({ port: 0, host: '127.0.0.1' })
      return (app.server.address() as { port: number }).port
    },
    add: (link) => addLink(links, link),
    call: (method, path, body, headers) => call(app, method, path, body, headers),
  }
}

function keepLines(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
}

/** Calls the API with the key, unless `headers` has an empty one, and all else like a visitor. */
async function call(
  app: FastifyInstance,
  method: Method,
  path: string,
  body?: unknown,
  headers: Headers = {},
): Promise<Reply> {
  const key: Headers = path.startsWith('/api/') ? { 'x-api-key': KEY } : {}
  const all: Headers = { ...key, host: 'sho.rt', ...headers }
  if (all['x-api-key'] === '') delete all['x-api-key']
  if (body !== undefined) all['content-type'] ??= 'application/json'
  const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const response = await app.inject({
    method,
    url: path,
    headers: all,
    ...(payload === undefined ? {} : { payload }),
  })
  return {
    status: response.statusCode,
    headers: response.headers as Record<string, string>,
    text: response.body,
    json: parse(response.body) as ReplyJson,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function addLink(links: FakeLinks, link: Partial<Omit<Link, 'code'>> & { code: string }): Link {
  const whole = { ...PLAIN, ...link, code: link.code as Code }
  links.links.set(whole.code, whole)
  return whole
}

const PLAIN: Omit<Link, 'code'> = {
  url: 'https://example.com/page',
  title: null,
  tags: [],
  createdAt: NOW,
  updatedAt: NOW,
  expiresAt: null,
  maxVisits: null,
  visits: 0,
  isAlias: false,
  lifecycle: 'live',
}

const LOG: LogNumbers = {
  bytes: 600,
  bytesMax: null,
  durability: { replicas: 3, replicasCurrent: 2 },
  streams: [
    { bytes: 100, bytesMax: 1000 },
    { bytes: 500, bytesMax: 1000 },
  ],
}

const MEMBERSHIP: MembershipNumbers = {
  isFenced: false,
  isController: true,
  leaseAgeMs: 250,
  nodes: 3,
  tableVersion: 7,
  partitionsWithoutOwner: 2,
  handingOver: 4,
  handOvers: 40,
  handOverWaitMs: 500,
  takeOvers: 30,
  refused: { table: 1, lease: 0, controller: 2, roll: 0, message: 3, log_entry: 4, log_gap: 0 },
}

const STATUS: NodeStatus = {
  nodeId: 'test',
  startedAt: NOW,
  ready: true,
  partitionsOwned: 256,
  partitionsComplete: 254,
  partitionsKnown: 255,
  linksInMemory: 3,
  memoryBytes: 1000,
  memoryBytesMax: 2000,
  evictions: 4,
  readThroughs: 5,
  mailboxDepth: 6,
  dirtyLinks: 7,
  dirtyBytes: 8,
  dirtyBytesMax: 9,
  flushLagMs: 1500,
  linksFlushed: 11,
  deadLetters: 12,
  logAppends: 13,
  logErrors: 14,
  storeErrors: 15,
  decisionErrors: 16,
}

/** Sends bytes and collects what comes back until the server closes. */
export async function talk(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
