import test from 'ava'
import { RateMeter } from './rate-meter.ts'

test('a counter’s rate is that of the last seconds', (t) => {
  const meter = new RateMeter()
  t.is(meter.perSecond, 0)
  meter.note(100, 0)
  t.is(meter.perSecond, 0, 'one value is no rate')
  meter.note(150, 500)
  t.is(meter.perSecond, 100)
  for (let second = 2; second <= 4; second++) meter.note(150, second * 1_000)
  t.is(meter.perSecond, 0, 'what was longer ago is forgotten')
})

test('a counter that begins anew has no rate below zero', (t) => {
  const meter = new RateMeter()
  meter.note(100, 0)
  meter.note(3, 1_000)
  t.is(meter.perSecond, 0)
})
