/** What is dangerous to follow is text. */
import test from 'ava'
import { displayAddress, safeHref } from './address.ts'

test('an address may be followed unless its scheme is dangerous', (t) => {
  t.is(safeHref('http://localhost:3000/abc'), 'http://localhost:3000/abc')
  t.is(safeHref('https://example.com/'), 'https://example.com/')
  t.is(safeHref('mailto:a@b.example'), 'mailto:a@b.example')
  const others = [
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'data:text/html,x',
    'blob:https://a.example/1',
    '//x.example',
  ]
  for (const address of [...others, 'abc', '']) t.is(safeHref(address), undefined)
})

test('an address is shown without what every address has', (t) => {
  t.is(displayAddress('https://example.com/'), 'example.com')
  t.is(displayAddress('http://localhost:3000/abc'), 'localhost:3000/abc')
  t.is(displayAddress('https://example.com/a/?b=/'), 'example.com/a/?b=/')
  t.is(displayAddress('tel:+49301234'), 'tel:+49301234')
})
