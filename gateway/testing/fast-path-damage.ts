/**
 * Requests that somebody or something has damaged; for the fast path's tests.
 */
import * as fc from 'fast-check'
import { CORPUS, get } from './fast-path-corpus.ts'

const SHORT = CORPUS.filter(({ text }) => text.length < 1_000)
const WORDS = [
  '\r\n',
  'GET /',
  'HTTP/1.1',
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Connection: close\r\n',
]
const SPOILERS = ['', ...'\r\n\0 \t:/,aA%?&=\x80\xff'.split(''), ...WORDS]

/** One to three samples with up to three changes. */
export function spoiltText(): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...SHORT.map(({ text }) => text))
  const likely = fc.constantFrom(get('/abc'), get('/b', 'X: y'))
  const texts = fc.array(fc.oneof(likely, sample), { minLength: 1, maxLength: 3 })
  const change = fc.record({
    at: fc.nat(400),
    removed: fc.nat(3),
    added: fc.constantFrom(...SPOILERS),
  })
  return fc.tuple(texts, fc.array(change, { maxLength: 3 })).map(([chosen, changes]) => {
    let text = chosen.join('')
    for (const { at, removed, added } of changes) {
      const index = at % (text.length + 1)
      text = text.slice(0, index) + added + text.slice(index + removed)
    }
    return text
  })
}
