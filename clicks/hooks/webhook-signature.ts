/**
 * How a webhook's message is signed, after Standard Webhooks (standardwebhooks.com, version 1.0).
 *
 * The receiver computes the same over `id.timestamp.body` with the secret that it was given, and refuses
 * what does not match or is older than some minutes. A message that is sent again keeps its id.
 */
import { createHmac } from 'node:crypto'

const SECRET_PREFIX = 'whsec_'

export interface SignedHeaders {
  readonly 'webhook-id': string
  /** Whole seconds since 1970. */
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/** @param secret `whsec_` and base64 */
export function signedHeaders(
  secret: string,
  id: string,
  seconds: number,
  body: string,
): SignedHeaders {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  }
}
