import test from 'ava'
import { History, type Entry } from './history.ts'
import type { Operation } from './register.ts'

const URL = 'https://e.org/1'
const create: Operation = { kind: 'create', url: URL, maxVisits: null, reuse: false }
const update: Operation = { kind: 'update', url: 'https://e.org/2' }

function entry(at: number, operation: Operation, outcome: string, source: Entry['source']): Entry {
  return { code: 'a', client: 'c', operation, calledAt: at, returnedAt: at + 1, outcome, source }
}

function faultOf(...answers: readonly Entry[]): string | undefined {
  const history = new History()
  history.add(entry(0, create, `created ${URL}`, 'owner'))
  history.add(entry(10, update, 'done https://e.org/2', 'owner'))
  for (const answer of answers) history.add(answer)
  return history.fault()
}

const found = (at: number, outcome: string, source: Entry['source']) =>
  entry(at, { kind: 'find' }, outcome, source)

test('an owner must answer with what is, a near cache within its age, the others with what was', (t) => {
  const old = `redirect ${URL}`
  t.regex(faultOf(found(5_000, old, 'owner'))!, /no order/)
  t.regex(faultOf(found(5_000, old, 'near'))!, /no order/)
  t.is(faultOf(found(500, old, 'near')), undefined)
  for (const source of ['redis', 'store', 'stale'] as const) {
    t.is(faultOf(found(5_000, old, source)), undefined)
  }
})

test('an old answer is never one that the link never was, nor that there is none', (t) => {
  for (const outcome of ['absent', 'gone deleted', 'gone used_up', 'redirect https://e.org/3']) {
    t.regex(faultOf(found(20, outcome, 'redis'))!, /never was/)
  }
})

test('nobody but the owner lets a visit pass that must be counted', (t) => {
  const history = new History()
  history.add(entry(0, { ...create, maxVisits: 3 }, `created ${URL}`, 'owner'))
  history.add(found(5, `redirect ${URL}`, 'stale'))
  t.regex(history.fault()!, /never was/)
})
