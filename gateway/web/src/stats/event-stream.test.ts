import test from 'ava'
import fc from 'fast-check'
import { EventReader } from './event-stream.ts'

const STREAM =
  ': hello\n\nid: 7\nevent: click\ndata: {"code":"a"}\n\nretry: 10\n\ndata: one\ndata: two\r\n\r\nid: 8\ndata\n\n'
const EVENTS = [
  { name: 'click', data: '{"code":"a"}', id: '7' },
  { name: 'message', data: 'one\ntwo', id: '7' },
  { name: 'message', data: '', id: '8' },
]

test('events are read as the standard says', (t) => {
  t.deepEqual(new EventReader().read(STREAM), EVENTS)
})

test('events are the same however the stream is cut', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const ends = [...cuts, STREAM.length].toSorted((a, b) => a - b)
      const reader = new EventReader()
      const read = ends.flatMap((end, index) =>
        reader.read(STREAM.slice(ends[index - 1] ?? 0, end)),
      )
      t.deepEqual(read, EVENTS)
    }),
  )
})

test('an event that the connection cut off is none', (t) => {
  t.deepEqual(new EventReader().read('id: 9\ndata: half'), [])
})

test('an id without an event says how far the stream is, once it is whole', (t) => {
  const reader = new EventReader('4')
  t.deepEqual(reader.read('id: 6\n'), [])
  t.is(reader.lastId, '4')
  reader.read('\n')
  t.is(reader.lastId, '6')
})

test('the id of the connection before holds until another comes', (t) => {
  t.is(new EventReader('5').read('data: x\n\n')[0]?.id, '5')
})

test('what never ends is given up', (t) => {
  const reader = new EventReader()
  t.throws(() => {
    for (let piece = 0; piece < 10; piece++) reader.read('x'.repeat(65_536))
  })
})
