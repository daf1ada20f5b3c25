/**
 * Targets with slashes and queries, right and wrong; for the fast path's tests.
 */
import * as fc from 'fast-check'
import { get } from './fast-path-corpus.ts'

/** After the others the server has the connection. */
const CODES = [
  ...Array<string>(8).fill('b'),
  'abc',
  'kept',
  'mine',
  'mine',
  'long-code_0',
  'moved',
  'ending',
  'unknown',
  'gone',
  'metered',
  'over',
]
const SLASHES = ['', '', '', '', '/', '/', '/', '//', '/+']
/** The target of `b` has a parameter `c`. */
const PIECES = ['c', '%63', 'C', 'd', 'd[]', '=', '=1', '+', '%20', '%2B', '%26', '%zz', '&', '&&']
const ODD_PIECES = ['?', '/', '"', '%0a', 'utm_source=x', '&c=', 'a'.repeat(70), '#']

/** A request whose target has any query, with one of two heads. */
export function requestWithQuery(): fc.Arbitrary<string> {
  const pieces = fc.array(fc.constantFrom(...PIECES, ...ODD_PIECES), { maxLength: 9 })
  return fc
    .record({
      code: fc.constantFrom(...CODES),
      slash: fc.constantFrom(...SLASHES),
      query: fc.option(pieces, { freq: 4 }),
      headers: fc.constantFrom([], ['X: y']),
    })
    .map(({ code, slash, query, headers }) =>
      get(`/${code}${slash}${query === null ? '' : `?${query.join('')}`}`, ...headers),
    )
}
