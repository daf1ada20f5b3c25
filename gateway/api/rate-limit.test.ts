import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { RateLimit, subscriberOf } from './rate-limit.ts'

function limitOf(max: number, addressesMax = 100) {
  const clock = { now: 1_000_000 as EpochMs }
  return { clock, limit: new RateLimit({ max, addressesMax, now: () => clock.now }) }
}

test('an address may do so much per minute, others do not matter', (t) => {
  const { clock, limit } = limitOf(2)
  t.true(limit.take('1.2.3.4'))
  t.true(limit.take('1.2.3.4'))
  t.false(limit.take('1.2.3.4'))
  t.true(limit.take('1.2.3.5'))
  clock.now = (clock.now + 59_999) as EpochMs
  t.is(limit.secondsLeft('1.2.3.4'), 1)
  t.false(limit.take('1.2.3.4'))
  clock.now = (clock.now + 1) as EpochMs
  t.true(limit.take('1.2.3.4'))
})

test('a clock that steps back does not lock anybody out', (t) => {
  const { clock, limit } = limitOf(1)
  limit.take('a')
  clock.now = (clock.now - 3_600_000) as EpochMs
  t.true(limit.take('a'))
})

test('addresses are remembered up to a bound, the oldest is forgotten', (t) => {
  const { limit } = limitOf(1, 2)
  for (const address of ['a', 'b', 'c']) limit.take(address)
  t.true(limit.isExceeded('b'))
  t.true(limit.isExceeded('c'))
  t.false(limit.isExceeded('a'))
})

test('IPv6 counts by /64, IPv4 by address however it is written', (t) => {
  t.is(subscriberOf('2001:db8:1:2:3:4:5:6'), subscriberOf('2001:DB8:0001:2::9'))
  t.not(subscriberOf('2001:db8:1:2::1'), subscriberOf('2001:db8:1:3::1'))
  t.is(subscriberOf('::1'), '0:0:0:0')
  t.is(subscriberOf('fe80::1%eth0'), 'fe80:0:0:0')
  t.is(subscriberOf('::ffff:1.2.3.4'), '1.2.3.4')
  t.is(subscriberOf('1.2.3.4'), '1.2.3.4')
})
