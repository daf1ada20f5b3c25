/**
 * A node in this process, with adapters that the test chooses: for faults that a child process
 * cannot be given.
 */
import pino from 'pino'
import type { EpochMs } from '../links/ids.ts'
import { readConfig } from '../config.ts'
import { systemLongWork } from '../links/long-work.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import type { Log } from '../persistence/log/log.ts'
import { startTinygrid, type Tinygrid } from '../node/tinygrid.ts'
import { API_KEY } from './program.ts'

export interface NodeOptions {
  readonly log: Log
  readonly store: LinkStore
  readonly env?: Readonly<Record<string, string>>
  readonly now?: () => EpochMs
}

/** The node is closed when the test is over, if the test did not do it. */
export async function startNode(
  t: { teardown(fn: () => Promise<void>): void },
  { log, store, env = {}, now }: NodeOptions,
): Promise<Tinygrid> {
  const config = readConfig({ PORT: '0', TINYGRID_STOP_TIMEOUT: '1000', ...env })
  const logger = pino({ level: 'silent' })
  const work = systemLongWork()
  const clock = now === undefined ? {} : { now }
  const node = await startTinygrid({ config, log, store, work, apiKey: API_KEY, logger, ...clock })
  t.teardown(() => node.close())
  return node
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: { readonly code?: string; readonly [field: string]: unknown }
}

/** Calls a node's API with the key and reads the JSON of the answer, if it is JSON. */
export async function call(
  { url }: Tinygrid,
  route: string,
  { method = 'GET', json }: { method?: string; json?: unknown } = {},
): Promise<Answer> {
  const body = json === undefined ? {} : { body: JSON.stringify(json) }
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { 'x-api-key': API_KEY, accept: 'application/json', ...type }
  const response = await fetch(`${url}${route}`, { method, headers, redirect: 'manual', ...body })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as Answer['body']) : {},
  }
}
