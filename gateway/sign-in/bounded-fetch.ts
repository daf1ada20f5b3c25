/**
 * Fetches for the client of the provider, within bounds: a time, and bytes of an answer.
 *
 * What answers is whom the settings name, and yet an answer without end must not fill the memory. Redirects are not
 * followed: the client asks for that.
 */
const FETCH_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 512 * 1024

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export function boundedFetch(fetch: Fetch, timeoutMs = FETCH_TIMEOUT_MS): Fetch {
  return async (url, init) => {
    const signals = [AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])]
    const answer = await fetch(url, { ...init, signal: AbortSignal.any(signals) })
    const { status, statusText, headers } = answer
    const body = status === 204 || status === 304 ? null : await bytesOf(answer)
    return new Response(body, { status, statusText, headers })
  }
}

async function bytesOf(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of answer.body ?? []) {
    length += piece.length
    if (length > ANSWER_BYTES_MAX) throw new TypeError('the answer is too long')
    pieces.push(piece)
  }
  return new Uint8Array(Buffer.concat(pieces))
}
