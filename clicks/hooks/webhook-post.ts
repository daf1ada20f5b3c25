/**
 * Sends one message to a webhook's receiver, and gives its answer to who wants it.
 *
 * It connects only to public addresses, unless the operator allows others, and checks the address that the
 * connection is made to, not one that was looked up before: a name may change between two look-ups. It
 * follows no redirect, waits a bounded time for the whole answer, and reads a bounded part of it.
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { plainHost } from '../../links/own-address.ts'
import { isPublicAddress } from './public-network.ts'

export interface PostOptions {
  /** Whether addresses of private networks are connected to. */
  readonly allowsPrivate: boolean
  readonly timeoutMs?: number
  /** Whether a delivery comes with what the receiver said. */
  readonly wantsAnswer?: boolean
}

export type PostOutcome =
  | { readonly kind: 'delivered'; readonly status: number; readonly answer?: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly status?: number }

const POST_TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 64 * 1024
const REASON_LENGTH_MAX = 200

/** Never rejects. */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { allowsPrivate, timeoutMs = POST_TIMEOUT_MS, wantsAnswer = false }: PostOptions,
): Promise<PostOutcome> {
  const target = new URL(url)
  const host = plainHost(target).replaceAll(/[[\]]/g, '')
  if (!allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    return Promise.resolve(failed(`${host} is no public address`))
  }
  return new Promise((resolve) => {
    const request = (target.protocol === 'https:' ? https : http).request(target, {
      method: 'POST',
      agent: false,
      lookup: allowsPrivate ? lookUp : publicLookup,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Tinygrid-Webhook/1',
      },
    })
    const end = (outcome: PostOutcome) => {
      clearTimeout(timer)
      resolve(outcome)
      request.destroy()
    }
    const timer = setTimeout(() => end(failed(`no answer within ${timeoutMs} ms`)), timeoutMs)
    request.on('error', (error) => end(failed(error.message)))
    request.on('response', (response) => {
      const status = response.statusCode!
      const chunks: Buffer[] = []
      let bytes = 0
      const done = () => {
        const answer = wantsAnswer ? String(Buffer.concat(chunks)) : undefined
        end(outcomeOf(status, answer))
      }
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (wantsAnswer) chunks.push(chunk)
        if (bytes > ANSWER_BYTES_MAX) done()
      })
      response.on('end', done)
      response.on('error', (error) => end(failed(error.message, status)))
    })
    request.end(body)
  })
}

function outcomeOf(status: number, answer?: string): PostOutcome {
  if (status >= 200 && status < 300) {
    return { kind: 'delivered', status, ...(answer === undefined ? {} : { answer }) }
  }
  const why = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
  return failed(`the receiver answered ${status}${why}`, status)
}

function failed(reason: string, status?: number): PostOutcome {
  const short = reason.slice(0, REASON_LENGTH_MAX)
  return { kind: 'failed', reason: short, ...(status === undefined ? {} : { status }) }
}

/** As the system's, but for addresses that are not public. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const allowed = addresses.filter(({ address }) => isPublicAddress(address))
    if (allowed.length === 0) {
      return callback(new Error(`${hostname} has no public address`), '', 0)
    }
    if (options.all === true) return callback(null, allowed)
    const [{ address, family }] = allowed as [LookupAddress]
    callback(null, address, family)
  })
}
