/** Only web addresses can be followed; the rest is text. */
import test from 'ava'
import { displayAddress, safeHref } from './address.ts'

test('http and https may be followed, and nothing else', (t) => {
  t.is(safeHref('http://localhost:3000/abc'), 'http://localhost:3000/abc')
  t.is(safeHref('https://example.com/'), 'https://example.com/')
  const others = ['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,x', '//x.example']
  for (const address of [...others, 'abc', '']) t.is(safeHref(address), undefined)
})

test('an address is shown without what every address has', (t) => {
  t.is(displayAddress('https://example.com/'), 'example.com')
  t.is(displayAddress('http://localhost:3000/abc'), 'localhost:3000/abc')
  t.is(displayAddress('https://example.com/a/?b=/'), 'example.com/a/?b=/')
})
