import test from 'ava'
import { codeOfShortUrl } from './short-url.ts'

const machine = new Set(['desk.example'])
const plain = { base: new URL('https://go.example'), port: 3000, machine }
const deep = { base: new URL('https://go.example/s'), port: 3000, machine }

for (const [text, own, code] of [
  ['https://go.example/abc', plain, 'abc'],
  ['  HTTPS://GO.example/aBc ', plain, 'aBc'],
  ['go.example/abc', plain, 'abc'],
  ['http://go.example/abc', plain, 'abc'],
  ['https://go.example/abc+', plain, 'abc'],
  ['https://go.example/abc?utm_source=x#y', plain, 'abc'],
  ['http://localhost:3000/abc', plain, 'abc'],
  ['localhost:3000/abc', plain, 'abc'],
  ['http://desk.example:3000/abc', plain, 'abc'],
  ['https://go.example/s/abc', deep, 'abc'],
  ['https://go.example/abc', deep, undefined],
  ['https://other.example/abc', plain, undefined],
  ['http://localhost:4000/abc', plain, undefined],
  ['https://go.example/', plain, undefined],
  ['go.example', plain, undefined],
  ['https://go.example/a/b', plain, undefined],
  ['abc', plain, undefined],
  ['/abc', plain, undefined],
  ['a b / c', plain, undefined],
] as const) {
  test(`"${text}" is ${code === undefined ? 'no short URL' : `the link ${code}`}`, (t) => {
    const found: string | undefined = codeOfShortUrl(text, own)
    t.is(found, code)
  })
}
