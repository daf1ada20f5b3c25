/** What a stream's replicas may answer that a single server never does. */
import test from 'ava'
import { headers, type JetStreamManager, type Msg, type NatsConnection } from 'nats'
import { readSubject, type StreamReader } from './jetstream-tail.ts'

/** A message of a batch: its sequence, and the one before it as the server tells it. */
type Told = readonly [sequence: number, before: number]

test('a replica that lags is asked again until it has what the leader has', async (t) => {
  const reader = readerOf({
    leaderKnows: 3,
    batches: [
      [[1, 0]],
      [],
      [],
      [
        [2, 0],
        [3, 2],
      ],
    ],
  })
  t.deepEqual(await sequencesOf(reader), [1, 2, 3])
})

test('a leader that was deposed does not hide what is known', async (t) => {
  const reader = readerOf({ leaderKnows: 1, batches: [[[1, 0]], [], [[2, 0]]] })
  t.deepEqual(await sequencesOf(reader, 2), [1, 2])
})

test('a batch that lost messages on its way is refused, not passed on with a gap', async (t) => {
  const lostFirst = readerOf({
    leaderKnows: 3,
    batches: [
      [
        [2, 1],
        [3, 2],
      ],
    ],
  })
  await t.throwsAsync(sequencesOf(lostFirst), { message: 'a gap in a batch' })
  const lostMiddle = readerOf({
    leaderKnows: 3,
    batches: [
      [
        [1, 0],
        [3, 2],
      ],
    ],
  })
  await t.throwsAsync(sequencesOf(lostMiddle), { message: 'a gap in a batch' })
})

test('a replica that never has what the leader has is given up', async (t) => {
  const reader = readerOf({ leaderKnows: 2, batches: [[[1, 0]]] })
  await t.throwsAsync(sequencesOf(reader), { code: 'log_unavailable' })
})

test('an end that is removed while it is looked for ends the reading', async (t) => {
  const ends = [2, 0]
  const reader = readerOf({ leaderKnows: () => ends.shift() ?? 0, batches: [[[1, 0]]] })
  t.deepEqual(await sequencesOf(reader), [1])
})

async function sequencesOf(reader: StreamReader, known = 0): Promise<number[]> {
  const entries = await Array.fromAsync(readSubject(reader, 'a.b', 0, known))
  return entries.map(({ sequence }) => sequence)
}

interface Script {
  readonly leaderKnows: number | (() => number)
  /** In the order of requests; after the last one nothing is found. */
  readonly batches: readonly (readonly Told[])[]
}

function readerOf({ leaderKnows, batches }: Script): StreamReader {
  const left = [...batches]
  let receive: ((error: Error | null, message: Msg) => void) | undefined
  const subscription = { unsubscribe: () => (receive = undefined) }
  const connection = {
    subscribe(_: string, options: { callback: typeof receive }) {
      receive = options.callback
      return subscription
    },
    publish() {
      for (const message of messagesOf(left.shift() ?? [])) {
        queueMicrotask(() => receive?.(null, message))
      }
    },
  }
  const seq = typeof leaderKnows === 'number' ? () => leaderKnows : leaderKnows
  const manager = { streams: { getMessage: async () => ({ seq: seq() }) } }
  return {
    connection: connection as unknown as NatsConnection,
    manager: manager as unknown as JetStreamManager,
    stream: 'S',
  }
}

function messagesOf(batch: readonly Told[]): Msg[] {
  if (batch.length === 0) return [messageOf(headers(404, 'Message Not Found'))]
  const messages = batch.map(([sequence, before]) => {
    const told = headers()
    told.set('Nats-Sequence', `${sequence}`)
    told.set('Nats-Last-Sequence', `${before}`)
    return messageOf(told)
  })
  const end = headers(204, 'EOB')
  end.set('Nats-Last-Sequence', `${batch.at(-1)![0]}`)
  return [...messages, messageOf(end)]
}

function messageOf(told: Msg['headers']): Msg {
  return { headers: told, data: Buffer.from('x') } as unknown as Msg
}
