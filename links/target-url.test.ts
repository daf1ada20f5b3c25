import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from './errors.ts'
import { URL_BYTES_MAX } from './link.ts'
import { parseTargetUrl } from './target-url.ts'

const OWN = {
  base: new URL('https://sho.rt'),
  port: 3000,
  machine: new Set(['box', '10.1.2.3', '[fe80::1]']),
}

test('a target is what the WHATWG parser makes of it', (t) => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
      const parsed = parseTargetUrl(url, OWN)
      t.is(parsed, new URL(url).href)
      t.is(parseTargetUrl(parsed, OWN), parsed)
    }),
  )
})

test('whatever the text is, the result is visible ASCII that fits, or the text is refused', (t) => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map((text) => `http://example.com/${text}`),
    fc.string({ unit: 'binary' }).map((text) => `https://${text}/`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const url = parseTargetUrl(text, OWN)
        t.regex(url, /^https?:\/\/[\x21-\x7e]+$/)
        t.true(url.length <= URL_BYTES_MAX)
      } catch (error) {
        t.true(hasCode(error, 'invalid_field'))
      }
    }),
    { numRuns: 2000 },
  )
})
