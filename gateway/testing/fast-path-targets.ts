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

const NOTHING = [
  '/nothing',
  '/nothing',
  '/gone',
  '/early/',
  '/expired?a=b',
  '/used',
  '/abc',
  '/over',
]
const TYPES = ['text/html', 'TEXT/*', '*/*', 'application/json', 'Application/Problem+JSON']
const WEIGHTS = ['', ';q=0', ';q=0.5', '; Q=0.9', ';v=b3;q=1', ';q=', ';q=a', '\t;\tq=0.2 ']
const NAMES = ['Accept', 'accept', 'ACCEPT', 'Accept-Language', 'X-Accept']

/** A request of who mostly finds no link, and who wants the answer in any form. */
export function requestForNothing(): fc.Arbitrary<string> {
  const range = fc.tuple(fc.constantFrom(...TYPES), fc.constantFrom(...WEIGHTS))
  const ranges = fc.array(range, { maxLength: 4 })
  const line = fc.record({
    name: fc.constantFrom(...NAMES),
    space: fc.constantFrom('', ' ', '\t '),
    ranges,
    between: fc.constantFrom(',', ', ', ' ,,\t'),
  })
  return fc
    .record({ target: fc.constantFrom(...NOTHING), lines: fc.array(line, { maxLength: 3 }) })
    .map(({ target, lines }) =>
      get(
        target,
        ...lines.map(
          ({ name, space, ranges: some, between }) =>
            `${name}:${space}${some.map((parts) => parts.join('')).join(between)}`,
        ),
      ),
    )
}
