/**
 * Clients of a cluster under test: writers and readers that go on until they are told to stop.
 *
 * They send each request to a node that takes requests, as a load balancer would, and tell the
 * history what they asked for and what they were answered.
 */
import type { ClusterHistory, LinkState, Shown } from './cluster-history.ts'
import type { ClusterNode, ClusterWorld } from './cluster-world.ts'
import { pause } from './deadline.ts'
import { API_KEY } from './program.ts'

export interface ClientsOptions {
  readonly writers: number
  readonly readers: number
}

/** Between two requests of one client, in milliseconds: the load should not fill the machine. */
const WRITE_PAUSE_MS = 25
const READ_PAUSE_MS = 12
/** Writes in a burst; four times as many reads. */
const BURST = 20
/** A frozen node is waited for, so that what it does after its thaw is seen. */
const REQUEST_MS_MAX = 20_000
/** One redirect is to take no longer than this, as a rule. */
const SLOW_MS = 250

/** What a write sends, and the state of the link after it. */
interface Write {
  readonly method: string
  readonly route: string
  readonly json?: object
  readonly after: LinkState
}

export class ClusterClients {
  readonly #world: ClusterWorld
  readonly #history: ClusterHistory
  readonly #end = new AbortController()
  #running: readonly Promise<void>[] = []
  readonly counts = { written: 0, read: 0, slow: 0, unanswered: 0, refused: 0, cutOff: 0 }
  /** The first answers that were no success, for whoever promises that there are none. */
  readonly failures: string[] = []

  constructor(world: ClusterWorld, history: ClusterHistory) {
    this.#world = world
    this.#history = history
  }

  start({ writers, readers }: ClientsOptions): void {
    this.#running = [
      ...Array.from({ length: writers }, () => this.#repeat(WRITE_PAUSE_MS, () => this.#write())),
      ...Array.from({ length: readers }, () => this.#repeat(READ_PAUSE_MS, () => this.#read())),
    ]
  }

  /** Requests that only this node gets, all at once; returns when they are answered. */
  async burst(node: ClusterNode): Promise<void> {
    const writes = Array.from({ length: BURST }, () => this.#write(node))
    const reads = Array.from({ length: 4 * BURST }, () => this.#read(node))
    await Promise.all([...writes, ...reads])
  }

  /** Returns when the last request is answered. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running)
  }

  async #repeat(pauseMs: number, action: () => Promise<void>): Promise<void> {
    while (!this.#end.signal.aborted) {
      if (this.#world.isUp) await action()
      await pause(this.#world.random.between(0, 2 * pauseMs))
    }
  }

  async #write(node = this.#world.pick()): Promise<void> {
    const { random } = this.#world
    const { codes } = this.#history
    const old = codes.length === 0 ? undefined : random.pick(codes)
    const isNew = old === undefined || this.#history.isBusy(old) || random.chance(0.3)
    const code = isNew ? this.#world.newCode() : old
    if (isNew) this.#history.add(code)
    const write = this.#next(code)
    const version = this.#history.begin(code, write.after)
    const response = await this.#send(node, write.route, write.method, write.json)
    if (response === undefined) return this.#history.abandon(code)
    if (response.status >= 300) {
      this.#history.abandon(code)
      return this.#refused(write, response)
    }
    this.counts.written++
    this.#history.acknowledge(code, version)
  }

  async #refused({ method, route }: Write, response: Response): Promise<void> {
    const text = `${response.status} for ${method} ${route}: ${await response.text()}`
    if (response.status !== 503) this.#history.wrong.push(text)
    this.counts.refused++
    this.#fail(text)
  }

  #next(code: string): Write {
    const { random } = this.#world
    const state = this.#history.stateOf(code)
    const route = `/api/links/${code}`
    const title = `title ${random.int(0, 1e9)}`
    const url = `https://example.org/${code}/${random.int(0, 1e9)}`
    if (state === undefined) {
      const after = { url, title, isDeleted: false }
      return { method: 'POST', route: '/api/links', json: { url, code, title }, after }
    }
    if (random.chance(0.03))
      return { method: 'DELETE', route: `${route}?purge=true`, after: undefined }
    if (state.isDeleted) {
      return { method: 'POST', route: `${route}/restore`, after: { ...state, isDeleted: false } }
    }
    if (random.chance(0.2)) return { method: 'DELETE', route, after: { ...state, isDeleted: true } }
    const json = random.chance(0.7) ? { url } : { title }
    return { method: 'PATCH', route, json, after: { ...state, ...json } }
  }

  async #read(node = this.#world.pick()): Promise<void> {
    const { random } = this.#world
    const { codes, now } = this.#history
    if (codes.length === 0) return
    // The newest are written most.
    const code = random.chance(0.5) ? random.pick(codes) : random.pick(codes.slice(-100))
    const wasThere = this.#history.stateOf(code) !== undefined
    const beganAt = now()
    const response = await this.#send(node, `/${code}`, 'GET', undefined, random.chance(0.5))
    if (response === undefined) return
    const endedAt = now()
    await response.arrayBuffer()
    if (wasThere) {
      this.counts.read++
      if (endedAt - beganAt > SLOW_MS) this.counts.slow++
      if (response.status === 503) this.counts.unanswered++
    }
    if (response.status === 503) {
      const what = wasThere ? 'a link' : 'no link'
      return this.#fail(`503 for GET /${code} (${what}) after ${Math.round(endedAt - beganAt)} ms`)
    }
    const source = response.headers.get('x-tinygrid-source') ?? undefined
    this.#history.check({ code, shown: shownBy(response), beganAt, endedAt, source })
  }

  /** undefined: the request was cut off. */
  async #send(
    { id, program }: ClusterNode,
    route: string,
    method: string,
    json?: object,
    isKeyed = true,
  ): Promise<Response | undefined> {
    const key = isKeyed ? { 'x-api-key': API_KEY } : {}
    const type = json === undefined ? {} : { 'content-type': 'application/json' }
    try {
      return await fetch(`${program.url}${route}`, {
        method,
        redirect: 'manual',
        headers: { accept: 'application/json', ...key, ...type },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: AbortSignal.timeout(REQUEST_MS_MAX),
      })
    } catch (error) {
      this.counts.cutOff++
      const { cause } = error as Error
      this.#fail(`${method} ${route} at ${id} was cut off: ${String(cause ?? error)}`)
      return undefined
    }
  }

  #fail(what: string): void {
    if (this.failures.length < FAILURES_KEPT) this.failures.push(what)
  }
}

const FAILURES_KEPT = 20

function shownBy(response: Response): Shown {
  if (response.status === 302) return { kind: 'redirect', url: response.headers.get('location')! }
  if (response.status === 410) return { kind: 'gone' }
  if (response.status === 404) return { kind: 'absent' }
  throw new Error(`a redirect was answered with ${response.status}`)
}
