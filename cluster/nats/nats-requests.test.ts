import test from 'ava'
import { ErrorCode, NatsError, type NatsConnection } from 'nats'
import { NatsRequests } from './nats-requests.ts'

function start() {
  let unanswered = 0
  const connection = {} as NatsConnection
  const requests = new NatsRequests(connection, () => unanswered++)
  return { requests, told: () => unanswered }
}

test('a question whose first asking nobody heard is asked again', async (t) => {
  const { requests } = start()
  let asked = 0
  const question = () => (++asked === 1 ? new Promise<number>(() => {}) : Promise.resolve(asked))
  t.is(await requests.ask(question), 2)
  t.is(asked, 2)
})

test('a question that is answered is asked once, also if the answer is no', async (t) => {
  const { requests, told } = start()
  let asked = 0
  t.is(await requests.ask(async () => ++asked), 1)
  const refused = requests.ask(async () => {
    asked++
    throw new NatsError('no such key', '404')
  })
  await t.throwsAsync(refused, { message: 'no such key' })
  t.deepEqual([asked, told()], [2, 0])
})

test('a question ends when its first asking is over time, whatever the others do', async (t) => {
  const { requests, told } = start()
  const end = Promise.withResolvers<never>()
  const again = Promise.withResolvers<void>()
  let asked = 0
  const question = () => {
    if (++asked === 1) return end.promise
    again.resolve()
    return Promise.reject(timeout())
  }
  const asking = requests.ask(question)
  await again.promise
  end.reject(timeout())
  await t.throwsAsync(asking, { code: ErrorCode.Timeout })
  t.is(told(), 1)
})

test('what is under way ends when it is known that no answer will come', async (t) => {
  const { requests, told } = start()
  const request = requests.run(new Promise(() => {}))
  requests.abandon()
  await t.throwsAsync(request, { code: ErrorCode.Disconnect })
  t.is(told(), 0)
  await requests.close()
})

test('what nobody hears, or answers in time, is told', async (t) => {
  const { requests, told } = start()
  const unheard = requests.run(Promise.reject(NatsError.errorForCode(ErrorCode.NoResponders)))
  await t.throwsAsync(unheard)
  await t.throwsAsync(requests.run(Promise.reject(timeout())))
  t.is(told(), 2)
})

function timeout(): NatsError {
  return NatsError.errorForCode(ErrorCode.Timeout)
}
