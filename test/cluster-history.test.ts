import test from 'ava'
import { ClusterHistory, NEAR_MS, type Shown } from './cluster-history.ts'

/** A link that was given the URL `old`, and from 1,000 ms on `new`. */
function updatedLink() {
  let time = 0
  const history = new ClusterHistory(() => time)
  history.add('a')
  const write = (at: number, url: string) => {
    time = at
    history.acknowledge('a', history.begin('a', { url, title: null, isDeleted: false }))
  }
  write(0, 'old')
  write(1_000, 'new')
  const see = (at: number, shown: Shown, source?: string) => {
    history.check({ code: 'a', shown, beganAt: at, endedAt: at + 10, source })
    return history.wrong.length
  }
  return { history, see, at: (now: number) => (time = now) }
}

const absent: Shown = { kind: 'absent' }
const to = (url: string): Shown => ({ kind: 'redirect', url })

test('a URL that the code never had is wrong, and so is a 404, whoever says it', (t) => {
  for (const source of ['owner', 'redis', undefined]) {
    t.is(updatedLink().see(1_001, to('other'), source), 1)
    t.is(updatedLink().see(1_001, absent, source), 1)
  }
})

test('an older URL is wrong from the owner at once, from others after a while', (t) => {
  t.is(updatedLink().see(1_001, to('new'), 'owner'), 0)
  t.is(updatedLink().see(1_001, to('old'), 'owner'), 1)
  t.is(updatedLink().see(1_001, to('old'), 'near'), 0)
  t.is(updatedLink().see(1_001 + NEAR_MS, to('old'), 'near'), 1)
})

test('during a disturbance others may be older, and the owner may not', (t) => {
  const { history, see, at } = updatedLink()
  at(5_000)
  const over = history.disturb()
  t.is(see(6_000, to('old'), 'stale'), 0)
  t.is(see(6_000, to('old'), 'owner'), 1)
  at(7_000)
  over()
  t.is(see(7_000 + NEAR_MS + 1, to('old'), 'stale'), 2)
})

test('an answer while a write is under way may show either state', (t) => {
  const { history, see, at } = updatedLink()
  at(2_000)
  const version = history.begin('a', undefined)
  t.is(see(2_001, to('new'), 'owner'), 0)
  t.is(see(2_001, absent, 'owner'), 0)
  at(2_100)
  history.acknowledge('a', version)
  t.is(see(2_101, to('new'), 'owner'), 1)
})

test('a write of unknown outcome has happened or not, and nothing else', (t) => {
  const states = { done: undefined, not: { url: 'new', title: null, isDeleted: false } }
  for (const state of [states.done, states.not, { ...states.not, url: 'old' }]) {
    const { history } = updatedLink()
    history.begin('a', undefined)
    history.abandon('a')
    t.deepEqual(history.unknown, ['a'])
    history.settle('a', state, 'there')
    t.is(history.wrong.length, state?.url === 'old' ? 1 : 0)
    t.deepEqual(history.unknown, state?.url === 'old' ? ['a'] : [])
  }
})
