import test from 'ava'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import type { EpochMs } from '../../links/ids.ts'
import { sampleClick } from '../testing/sample-clicks.ts'
import { CSV_HEADER, csvLine, jsonLine } from './visit-lines.ts'

const columns = CSV_HEADER.trim().split(',')
const cellsOf = (line: string) => parse<Record<string, string>>(line, { columns })
const safe = (value: string) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value)

test('a visit as CSV has every field of a click, under its name', (t) => {
  const visit = sampleClick({ position: 7, index: 3 })
  t.deepEqual([...columns].sort(), Object.keys(visit).sort())
  const [row] = cellsOf(csvLine(visit))
  for (const [name, value] of Object.entries(visit)) {
    t.is(row![name], name === 'at' ? '2026-06-15T12:00:00.000Z' : String(value))
  }
})

for (const start of ['=', '+', '-', '@', '\t', '\r']) {
  test(`no cell begins like a formula with ${JSON.stringify(start)}`, (t) => {
    const [row] = cellsOf(csvLine(sampleClick({ referrerPath: `${start}cmd|' /C calc'!A0` })))
    t.is(row!['referrerPath'], `'${start}cmd|' /C calc'!A0`)
  })
}

test('whatever texts a visit has, CSV gives them back, and no cell begins like a formula', (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",;\'aä '.split('')), maxLength: 8 })
  const property = fc.property(text, text, (utmSource, network) => {
    const rows = cellsOf(csvLine(sampleClick({ utmSource, network })))
    const [row] = rows
    return (
      rows.length === 1 &&
      row!['utmSource'] === safe(utmSource) &&
      row!['network'] === safe(network)
    )
  })
  t.notThrows(() => fc.assert(property))
})

test('a visit as JSON is one line, with the time as people write it', (t) => {
  const visit = sampleClick({ network: 'a\nb' })
  const line = jsonLine(visit)
  t.is(line.indexOf('\n'), line.length - 1)
  t.deepEqual(JSON.parse(line), { ...visit, at: '2026-06-15T12:00:00.000Z' })
})

test('times are told as the platform tells them', (t) => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  const property = fc.property(fc.array(time, { minLength: 2 }), (times) => {
    for (const at of times) {
      const [row] = cellsOf(csvLine(sampleClick({ at: at as EpochMs })))
      if (row!['at'] !== new Date(at).toISOString()) return false
    }
    return true
  })
  t.notThrows(() => fc.assert(property))
})
