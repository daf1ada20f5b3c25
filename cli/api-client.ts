/**
 * Calls Tinygrid's HTTP interface for the commands: address, key, time-out, and what came back.
 *
 * An answer of any status is a reply; no answer is `Unreachable`, after which nothing is known of
 * the effect. Nothing is tried again here, but for how long who does should wait: doubling from try to
 * try with jitter, never shorter than the server asked. Giving up counts from the last success, so an
 * import of hours may meet many short outages.
 */
import { CommandError, EXIT_CODES } from './command-error.ts'
import { splitLines, type Line } from './lines.ts'
import { decodeText } from './text-decoding.ts'

const REQUEST_TIMEOUT_MS = 30_000
const FIRST_DELAY_MS = 200
const DELAY_MAX_MS = 10_000
/** A server that asks for longer is held to this, so that Ctrl-C and giving up stay near. */
const RETRY_AFTER_MAX_MS = 60_000
export const GIVE_UP_AFTER_MS = 5 * 60_000
/** Slack for a server that does not tell its time. */
const CLOCK_SLACK_MS = 60_000

export interface ApiReply {
  readonly status: number
  readonly body: unknown
  readonly retryAfterMs: number | undefined
}

/** No complete answer came: refused, cut off, timed out. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export class ApiClient {
  readonly baseUrl: URL
  readonly #headers: Readonly<Record<string, string>>
  /** The server's own clock at its last answer: not after its true time. */
  #serverTimeMs: number | undefined

  constructor(baseUrl: URL, key: string | undefined) {
    this.baseUrl = baseUrl
    this.#headers = key === undefined ? {} : { 'x-api-key': key }
  }

  /** A time by the server's clock that is not after now. */
  get serverTimeMs(): number {
    return this.#serverTimeMs ?? Date.now() - CLOCK_SLACK_MS
  }

  /** The lines of an answer that may be long; as `bytes`. */
  async lines(
    path: string,
    interrupted?: AbortSignal,
  ): Promise<ApiReply & { readonly lines: AsyncIterable<Line> }> {
    const { bytes, ...reply } = await this.bytes(path, interrupted)
    return { ...reply, lines: splitLines(decodeText(bytes)) }
  }

  /**
   * The bytes of an answer that may be long. Only what comes between two pieces of it is timed.
   *
   * @param interrupted ends it
   * @throws Unreachable, at once or where the answer is cut off
   */
  async bytes(
    path: string,
    interrupted?: AbortSignal,
  ): Promise<ApiReply & { readonly bytes: AsyncIterable<Buffer> }> {
    const patience = new Patience()
    try {
      const request = {
        headers: this.#headers,
        redirect: 'manual',
        signal: AbortSignal.any([patience.signal, ...(interrupted ? [interrupted] : [])]),
      } as const
      const response = await fetch(new URL(path, this.baseUrl), request)
      const { status, headers } = response
      if (status !== 200) {
        patience.end()
        await response.body?.cancel()
      }
      const after = retryAfterMs(headers.get('retry-after'), Date.now())
      const bytes = patience.with(response.body ?? [])
      return { status, body: undefined, retryAfterMs: after, bytes }
    } catch (error) {
      patience.end()
      throw new Unreachable(reasonOf(error), { cause: error })
    }
  }

  /** @throws Unreachable */
  async call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<ApiReply> {
    const request: RequestInit = {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : JSON_HEADERS) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }
    try {
      const response = await fetch(new URL(path, this.baseUrl), request)
      const text = await response.text()
      this.#noteTime(response.headers.get('date'))
      return {
        status: response.status,
        body: parseJson(text),
        retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
      }
    } catch (error) {
      throw new Unreachable(reasonOf(error), { cause: error })
    }
  }

  #noteTime(date: string | null): void {
    const time = Date.parse(date ?? '')
    if (!Number.isNaN(time)) this.#serverTimeMs = time
  }
}

/** Ends a request in which nothing has come for a while. */
class Patience {
  readonly #controller = new AbortController()
  #timer = this.#start()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Nothing more is awaited. Without it the process would live on until the time is over. */
  end(): void {
    clearTimeout(this.#timer)
  }

  /** @throws Unreachable where the body is cut off */
  async *with(body: AsyncIterable<Uint8Array> | readonly never[]): AsyncGenerator<Buffer> {
    try {
      for await (const piece of body) {
        clearTimeout(this.#timer)
        yield Buffer.from(piece)
        this.#timer = this.#start()
      }
    } catch (error) {
      throw new Unreachable(reasonOf(error), { cause: error })
    } finally {
      this.end()
    }
  }

  #start(): NodeJS.Timeout {
    return setTimeout(
      () => this.#controller.abort(new Error('no answer in time')),
      REQUEST_TIMEOUT_MS,
    )
  }
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** What no further try will change: the key or the address is wrong. */
export function assertAccepted(reply: ApiReply, client: ApiClient): void {
  if (reply.status === 401 || reply.status === 403) {
    throw new CommandError(
      `${client.baseUrl.origin} does not accept the API key (give it by --key or TINYGRID_API_KEY)`,
      EXIT_CODES.refused,
    )
  }
  if (reply.status === 404 || reply.status === 405) {
    throw new CommandError(
      `${client.baseUrl.origin} is no Tinygrid server (status ${reply.status})`,
    )
  }
}

/**
 * @param tries how often it was tried in vain, from 1
 * @param askedMs by the server
 * @param random from 0 to below 1
 */
export function delayBefore(tries: number, askedMs: number, random: number): number {
  const ceiling = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (tries - 1))
  const jittered = ceiling * (0.5 + random / 2)
  return Math.max(jittered, Math.min(askedMs, RETRY_AFTER_MAX_MS))
}

/** @param header seconds, or an HTTP date */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const time = Date.parse(header)
  return Number.isNaN(time) ? undefined : Math.max(0, time - now)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const cause = (error as Error).cause
  return cause instanceof Error && cause.message !== '' ? cause.message : (error as Error).message
}
