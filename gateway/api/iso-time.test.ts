import test from 'ava'
import * as fc from 'fast-check'
import { formatIsoTime, parseIsoTime } from './iso-time.ts'

for (const [text, time] of [
  ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.000Z'],
  ['2030-01-01T00:00Z', '2030-01-01T00:00:00.000Z'],
  ['2030-01-01t00:00:00.5z', '2030-01-01T00:00:00.500Z'],
  ['2030-01-01T00:00:00.123456789Z', '2030-01-01T00:00:00.123Z'],
  ['2030-01-01T00:00:00+05:30', '2029-12-31T18:30:00.000Z'],
  ['2028-02-29T12:00:00-01:00', '2028-02-29T13:00:00.000Z'],
] as const) {
  test(`${text} is a time`, (t) => {
    t.is(formatIsoTime(parseIsoTime(text)!), time)
  })
}

for (const text of [
  '2030-01-01',
  '2030-01-01T00:00:00',
  '2030-01-01 00:00:00Z',
  '2030-02-29T00:00:00Z',
  '2030-13-01T00:00:00Z',
  '2030-00-10T00:00:00Z',
  '2030-01-00T00:00:00Z',
  '2030-01-01T25:00:00Z',
  '2030-01-01T00:60:00Z',
  '2030-01-01T00:00:00+99:00',
  '1969-12-31T23:59:59Z',
  '+012030-01-01T00:00:00Z',
  '1893456000000',
  'Tue, 01 Jan 2030 00:00:00 GMT',
  '',
]) {
  test(`"${text}" is no time`, (t) => {
    t.is(parseIsoTime(text), undefined)
  })
}

test('what is written is read back', (t) => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
      (date) => {
        t.is(Number(parseIsoTime(date.toISOString())), date.getTime())
      },
    ),
  )
})
