/**
 * A visit under a host of one's choice, which `fetch` does not let one choose.
 *
 * Used by the scenarios of several domains.
 */
import http from 'node:http'
import type { Program } from './program.ts'

interface HostVisit {
  readonly status: number
  /** undefined: it leads nowhere. */
  readonly location: string | undefined
}

/** By the fast path; with some headers, or a path that is no code, by Node's server. */
export function visitAt(
  { url }: Pick<Program, 'url'>,
  host: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HostVisit> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      `${url}${path}`,
      { agent: false, headers: { host, ...headers } },
      (response) => {
        response.resume()
        resolve({ status: response.statusCode!, location: response.headers.location })
      },
    )
    request.on('error', reject)
  })
}
