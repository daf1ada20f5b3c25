import test from 'ava'
import { harmless, textTable } from './text-table.ts'

test('what a terminal would obey is shown instead, and writing of any kind stays', (t) => {
  t.is(harmless('a\u001b[31mb\nc\u202ed\u2028'), 'a\\u{1b}[31mb\\u{a}c\\u{202e}d\\u{2028}')
  t.is(harmless('\u009b2J\ud800'), '\\u{9b}2J\\u{d800}')
  t.is(harmless('übung שלום 👩\u200d💻'), 'übung שלום 👩\u200d💻')
})

test('columns are as wide as their widest cell, and numbers stand right', (t) => {
  const rows = [
    ['one', 1_000],
    ['twenty', 2],
    ['\u0007', null],
  ]
  t.is(textTable(['A', 'B'], rows), 'A          B\none     1000\ntwenty     2\n\\u{7}      -\n')
})
