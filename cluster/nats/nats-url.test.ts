import test from 'ava'
import { parseNatsUrl } from './nats-url.ts'
import { StartError } from '../../links/errors.ts'

test('an address is a host with an optional port and scheme', (t) => {
  t.deepEqual(parseNatsUrl('nats.example').options, { servers: ['nats.example:4222'] })
  t.deepEqual(parseNatsUrl('nats://127.0.0.1:5000/').options, { servers: ['127.0.0.1:5000'] })
  t.deepEqual(parseNatsUrl('tls://a').options, { servers: ['a:4222'], tls: {} })
  t.deepEqual(parseNatsUrl('nats://[::1]:5000').options, { servers: ['[::1]:5000'] })
})

test('several addresses share the credentials that one of them has', (t) => {
  const { options, shown } = parseNatsUrl('nats://ann:p%40ss@a:1, nats://b')
  t.deepEqual(options, { servers: ['a:1', 'b:4222'], user: 'ann', pass: 'p@ss' })
  t.is(shown, 'a:1, b:4222')
})

test('a name without a password is a token', (t) => {
  t.deepEqual(parseNatsUrl('nats://t0ken@a').options, { servers: ['a:4222'], token: 't0ken' })
})

test('what is no address is refused without showing it', (t) => {
  for (const text of [
    '',
    ',',
    'http://a',
    'nats://',
    'nats://u:secret@',
    'nats://u:secret@a/path',
  ]) {
    const error = t.throws(() => parseNatsUrl(text), { instanceOf: StartError }, text)
    t.regex(error.message, /^NATS_URL cannot be read; it must be nats:/)
    t.notRegex(error.message, /secret/)
  }
})
