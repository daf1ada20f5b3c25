/** The signature of a message: as the standard's own example has it. */
import test from 'ava'
import { signedHeaders } from './webhook-signature.ts'

test('the example of Standard Webhooks is signed as it says', (t) => {
  const headers = signedHeaders(
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1614265330,
    '{"test": 2432232314}',
  )
  t.is(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  t.is(headers['webhook-id'], 'msg_p5jXN8AQM9LWM0D4loKWxJek')
  t.is(headers['webhook-timestamp'], '1614265330')
})
