import test from 'ava'
import { ErrorCode, type MsgHdrs, type NatsConnection, type PublishOptions } from 'nats'
import { JetStreamAppends } from './jetstream-appends.ts'

interface Sent {
  readonly subject: string
  readonly options: PublishOptions
}

type Receive = (error: null, message: unknown) => void

/** A connection whose answers the test gives. */
function start(timeoutMs?: number) {
  const sent: Sent[] = []
  let receive: Receive | undefined
  const connection = {
    subscribe: (_: string, { callback }: { callback: Receive }) => {
      receive = callback
      return { unsubscribe: () => {} }
    },
    publish: (subject: string, _: Uint8Array, options: PublishOptions) => {
      if (subject === 'refused') throw new Error('cannot be sent')
      sent.push({ subject, options })
    },
  }
  const appends = new JetStreamAppends(connection as unknown as NatsConnection, timeoutMs)
  const answer = (index: number, value: unknown, headers?: Partial<MsgHdrs>) => {
    const data = value === undefined ? [] : [1]
    const subject = sent[index]!.options.reply!
    receive!(null, { subject, data, headers, json: () => value })
  }
  const append = (subject: string) => appends.append(subject, new Uint8Array(1), 7)
  return { sent, append, answer, close: () => appends.close() }
}

test('each append is answered by its own acknowledgement, in whatever order they come', async (t) => {
  const { sent, append, answer, close } = start()
  const both = [append('a'), append('b')]
  answer(1, { stream: 's', seq: 12 })
  answer(0, { stream: 's', seq: 11 })
  t.deepEqual(await Promise.all(both), [11, 12])
  t.is(sent[0]!.options.headers!.get('Nats-Expected-Last-Subject-Sequence'), '7')
  close()
})

test('a refusal says what the server said', async (t) => {
  const { append, answer, close } = start()
  const refused = append('a')
  const error = { code: 400, err_code: 10071, description: 'wrong last sequence: 9' }
  answer(0, { stream: 's', error })
  await t.throwsAsync(refused, { message: /wrong last sequence: 9/ })
  const unheard = append('a')
  answer(1, undefined, { code: 503 })
  await t.throwsAsync(unheard, { code: ErrorCode.NoResponders })
  const empty = append('a')
  answer(2, {})
  await t.throwsAsync(empty, { message: /no acknowledgement/ })
  close()
})

test('what cannot be sent is refused, and is not awaited', async (t) => {
  const { append, close } = start()
  await t.throwsAsync(append('refused'), { message: 'cannot be sent' })
  close()
})

test('an acknowledgement that does not come in time is given up, and may come late', async (t) => {
  const { append, answer, close } = start(5)
  const [first, second] = [append('a'), append('b')]
  await t.throwsAsync(first, { code: ErrorCode.Timeout })
  await t.throwsAsync(second, { code: ErrorCode.Timeout })
  answer(0, { stream: 's', seq: 1 })
  const third = append('c')
  answer(2, { stream: 's', seq: 3 })
  t.is(await third, 3)
  close()
})

test('where nobody hears an append, those sent before it to that stream are given up', async (t) => {
  const { append, answer, close } = start()
  const earlier = append('tinygrid.log.1')
  const ofAnother = append('tinygrid.dead-letter.1.k')
  const unheard = append('tinygrid.log.2')
  const later = append('tinygrid.log.3')
  answer(2, undefined, { code: 503 })
  await t.throwsAsync(unheard, { code: ErrorCode.NoResponders })
  await t.throwsAsync(earlier, { code: ErrorCode.Timeout })
  answer(1, { stream: 's', seq: 5 })
  answer(3, { stream: 's', seq: 6 })
  t.deepEqual(await Promise.all([ofAnother, later]), [5, 6])
  close()
})
