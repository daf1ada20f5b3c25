/**
 * Headers that keep a browser from doing more with an answer than it should.
 *
 * Sent with every page and every API reply; not with redirects, which have no content and whose
 * bytes count. Who else may call the API from a browser says `cross-origin.ts`. One
 * constant table rather than @fastify/helmet, which puts together per reply what never changes and
 * cannot reach the replies that are made in front of Fastify (parser errors, raw pages).
 */

const POLICY = [
  "default-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
]

/** For data: there is nothing in it to load, frame or run. */
export const DATA_SECURITY_HEADERS = Object.freeze({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** For pages. */
export const SECURITY_HEADERS = Object.freeze({
  'content-security-policy': POLICY.join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
})

export const HSTS = 'Strict-Transport-Security'

/** What it says; undefined: it is not to be said. */
export function hstsOf({ hstsSeconds }: { readonly hstsSeconds: number }): string | undefined {
  return hstsSeconds > 0 ? `max-age=${hstsSeconds}` : undefined
}
