/** However many connections ask however much at once, a turn of the event loop answers a part of it. */
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { UNKNOWN } from '../../links/link.ts'
import { get } from '../testing/fast-path-corpus.ts'
import { type FastServer, lookup, makeGateway, open, startFast } from '../testing/fast-path-pair.ts'
import { TURN_REQUESTS_MAX } from './fast-path.ts'

const CLIENTS = 30
/** Each packet has hundreds. */
const REQUESTS = 1_000

/** The most that `count` rises in a turn, until it has risen to `total`. */
async function mostInTurn(count: () => number, total: number): Promise<number> {
  let most = 0
  for (let before = count(); before < total; before = count()) {
    await setImmediate()
    most = Math.max(most, count() - before)
  }
  return most
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}

async function askMuch(t: ExecutionContext, { server }: FastServer, code: string): Promise<void> {
  let accepted = 0
  server.on('connection', () => accepted++)
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => open(server)))
  // A turn takes in one or a few; what they ask is to come all at once.
  await until(() => accepted === CLIENTS)
  for (const client of clients) {
    t.teardown(() => client.destroy())
    client.resume().write(get(code).repeat(REQUESTS))
  }
}

/** The budget of one turn, and of the next where the look falls between; each packet has one free. */
const MOST = 2 * (TURN_REQUESTS_MAX + CLIENTS)

test('of what many clients ask at once a turn answers so much, and all is answered', async (t) => {
  const fast = await startFast(await makeGateway())
  t.teardown(() => fast.stop())
  await askMuch(t, fast, '/abc')
  const most = await mostInTurn(() => fast.counters.fast, CLIENTS * REQUESTS)
  t.true(most <= MOST, `${most} in one turn`)
})

test('so is what must be asked elsewhere, and what is answered from there', async (t) => {
  let asked = 0
  const fast = await startFast(await makeGateway(), {
    lookup: () => UNKNOWN,
    find: async (code) => {
      asked++
      return { lookup: lookup(code), source: 'owner' }
    },
  })
  t.teardown(() => fast.stop())
  await askMuch(t, fast, '/abc')
  const most = await mostInTurn(() => asked, CLIENTS * REQUESTS)
  t.true(most <= MOST, `${most} in one turn`)
})

test('a client that asks one thing at a time is answered many times meanwhile', async (t) => {
  const fast = await startFast(await makeGateway())
  t.teardown(() => fast.stop())
  const bystander = await open(fast.server)
  t.teardown(() => bystander.destroy())
  let answers = 0
  bystander.on('data', () => {
    answers++
    bystander.write(get('/abc'))
  })
  await askMuch(t, fast, '/abc')
  bystander.write(get('/abc'))
  await until(() => fast.counters.fast >= CLIENTS * REQUESTS)
  t.true(answers >= 20, `${answers} answers`)
})
