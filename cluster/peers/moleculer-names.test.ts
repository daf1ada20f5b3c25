import test from 'ava'
import type { NodeId } from '../../links/ids.ts'
import { KnownProcesses, nodeOfProcess, processName } from './moleculer-names.ts'

const A = 'node_a-1' as NodeId

test('no two processes of a node have one name, and each tells its node', (t) => {
  const now = Date.now()
  const names = [processName(A, now, 0.1), processName(A, now, 0.2), processName(A, now + 1, 0.1)]
  t.is(new Set(names).size, 3)
  for (const name of names) t.is(nodeOfProcess(name), A)
})

test('what is no name of a process is nobody', (t) => {
  for (const name of ['', 'a', 'a.b', 'a b.1-1', 'a.1-1\r\nPUB x 0', 'a.1-1.2', 7, null, {}]) {
    t.is(nodeOfProcess(name), undefined)
  }
})

test('the newest process of a node is meant, for as long as it is known', (t) => {
  const known = new KnownProcesses()
  const [old, young] = [processName(A, 1e12, 0.9), processName(A, 2e12, 0.1)]
  known.add(young)
  known.add(old)
  t.is(known.newestOf(A), young)
  known.remove(young)
  t.is(known.newestOf(A), old)
  known.remove(old)
  known.remove(old)
  t.is(known.newestOf(A), undefined)
})
