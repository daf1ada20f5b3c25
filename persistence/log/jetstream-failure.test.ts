/** Each answer of the server or the driver to an append, and what its writer may conclude. */
import test from 'ava'
import { ErrorCode, NatsError } from 'nats'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { appendFailureOf } from './jetstream-failure.ts'

const APPEND = { partition: 3 as PartitionId, expectedLast: 7 as LogPosition }
const never = (): Promise<boolean> => Promise.reject(new Error('it is not asked'))

test('another last position means replaced', async (t) => {
  t.is(await codeOf(refusal(10071, 'wrong last sequence: 9')), 'log_replaced')
  t.is(await codeOf(refusal(10071, 'wrong last sequence: 10')), 'log_replaced')
})

test('a server that finds no last position at all is checked', async (t) => {
  const said = refusal(10071, 'wrong last sequence: 0')
  t.is(await codeOf(said, async () => true), 'log_replaced')
  t.is(await codeOf(said, async () => false), 'log_uncertain')
  t.is(await codeOf(said, never), 'log_uncertain')
})

test('an append that meets another on its way through the replicas is in doubt', async (t) => {
  t.is(await codeOf(refusal(10164, 'wrong last sequence')), 'log_uncertain')
  t.is(await codeOf(refusal(10163, 'temporarily unavailable')), 'log_uncertain')
})

test('a bound that is reached means full, a store that failed means doubt', async (t) => {
  t.is(await codeOf(refusal(10077, 'maximum bytes exceeded')), 'log_full')
  t.is(await codeOf(refusal(10047, 'insufficient storage resources available')), 'log_full')
  t.is(await codeOf(refusal(10023, 'insufficient resources')), 'log_full')
  t.is(await codeOf(refusal(10077, 'input/output error')), 'log_uncertain')
})

test('only what certainly was not taken is unavailable', async (t) => {
  t.is(await codeOf(new NatsError('503', ErrorCode.NoResponders)), 'log_unavailable')
  t.is(await codeOf(new NatsError('', ErrorCode.MaxPayloadExceeded)), 'log_unavailable')
  t.is(await codeOf(refusal(10076, 'JetStream not enabled')), 'log_unavailable')
  t.is(await codeOf(new NatsError('', ErrorCode.Timeout)), 'log_uncertain')
  t.is(await codeOf(new NatsError('', ErrorCode.Disconnect)), 'log_uncertain')
  t.is(await codeOf(new NatsError('', ErrorCode.ConnectionClosed)), 'log_uncertain')
  t.is(await codeOf(new Error('anything else')), 'log_uncertain')
  t.is(await codeOf(refusal(10999, 'of a later version')), 'log_uncertain')
})

test('the error tells the partition, the position and what the server said', async (t) => {
  const cause = refusal(10077, 'maximum bytes exceeded')
  const error = await appendFailureOf(cause, APPEND, never)
  t.is(error.message, 'append to partition 3 after 7 failed: maximum bytes exceeded')
  t.is(error.cause, cause)
})

async function codeOf(cause: unknown, endsElsewhere = never): Promise<string> {
  return (await appendFailureOf(cause, APPEND, endsElsewhere)).code
}

function refusal(code: number, description: string): NatsError {
  const error = new NatsError(description, '400')
  error.api_error = { code: 400, err_code: code, description }
  return error
}
