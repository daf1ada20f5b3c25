/**
 * One call of the service: what a request carries, and what comes of it.
 *
 * Used by `api.ts` and `stats/clicks-api.ts`. Guarantees that whatever goes wrong (a refusal, no
 * network, an answer that is not ours) arrives as an ApiError whose message a person can read; only
 * an abort by the caller stays one.
 */

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly field?: string
}

/** Why a call failed: the service's own `code`, or `offline`, `timeout` or `unexpected`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  /** The request's field at fault, without indexes: `tags` for `tags[0]`. */
  readonly field: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, message: string, field?: string, retryAfterSeconds?: number) {
    super(message)
    this.code = code
    this.field = field?.split(/[.[]/)[0]
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const REQUEST_TIMEOUT_MS = 20_000

export interface Connection {
  readonly key: string | undefined
  /** Whether the browser shall send the session of who is signed in. */
  readonly hasSession?: boolean
  /** Told of every 401, after which `key` is of no use. */
  readonly onUnauthorized?: () => void
  readonly fetch?: (path: string, options: RequestInit) => Promise<Response>
}

/** Resolves with an answer that is a success, its body unread. */
export type Call = (method: string, path: string, options?: CallOptions) => Promise<Response>

export function callerOf({
  key,
  hasSession = false,
  onUnauthorized,
  fetch = globalThis.fetch.bind(globalThis),
}: Connection): Call {
  return async (method, path, options = {}) => {
    const response = await attempt(() =>
      fetch(path, requestOf(method, { key, hasSession }, options)),
    )
    if (response.ok) return response
    if (response.status === 401) onUnauthorized?.()
    throw await errorOf(response)
  }
}

export interface CallOptions {
  readonly body?: unknown
  readonly etag?: string
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** The answer lasts: only the caller's signal ends it. */
  readonly isStream?: boolean
}

function requestOf(
  method: string,
  { key, hasSession }: { key: string | undefined; hasSession: boolean },
  options: CallOptions,
): RequestInit {
  const headers = new Headers({ Accept: 'application/json, application/problem+json' })
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value)
  if (key !== undefined) headers.set('X-Api-Key', key)
  if (options.etag !== undefined) headers.set('If-Match', options.etag)
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  const signals = options.isStream === true ? [] : [AbortSignal.timeout(REQUEST_TIMEOUT_MS)]
  if (options.signal !== undefined) signals.push(options.signal)
  return {
    method,
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: AbortSignal.any(signals),
    cache: 'no-store',
    credentials: hasSession ? 'same-origin' : 'omit',
  }
}

/** An abort by the caller stays an AbortError: whoever aborted knows why. */
async function attempt(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new ApiError('timeout', 'The service took too long to answer.')
    }
    throw new ApiError('offline', 'The service cannot be reached. Check the connection.')
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem | null
  const message = problem?.detail ?? problem?.title
  const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return new ApiError(
    problem?.code ?? 'unexpected',
    message ?? `The service gave an answer that this page does not know (${response.status}).`,
    problem?.field,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  )
}

export async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('unexpected', 'The service gave an answer that this page does not know.')
  }
}

/** What to tell a person about any failure, of the service or of the page itself. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('unexpected', 'Something went wrong on this page. Reload it to go on.')
}
