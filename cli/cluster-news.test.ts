import test from 'ava'
import type { ClusterEvent } from '../cluster/nats/cluster-event.ts'
import { ClusterNews } from './cluster-news.ts'

type Told = ClusterEvent extends infer Event ? Omit<Event, 'at'> : never

/** What is said of each event, the first at 0 s and each next one half a second later. */
function told(...events: readonly Record<string, unknown>[]): string[][] {
  const news = new ClusterNews()
  return events.map((event, index) => {
    const at = new Date(index * 500).toISOString()
    return news.linesOf({ ...(event as Told), at } as ClusterEvent)
  })
}

const planned = (from: string | null, to: string, ...partitions: number[]) => {
  return { kind: 'partition.planned', from, to, partitions }
}
const moved = (from: string, to: string, partitions: number[], waitsMs: (number | null)[]) => {
  return { kind: 'partition.moved', from, to, partitions, waitsMs, epochs: [] }
}
const takenOver = (to: string, ...partitions: number[]) => {
  return { kind: 'partition.taken-over', to, partitions, epochs: [] }
}

test('moves to a node are one line, when the last has ended', (t) => {
  const lines = told(
    planned('n1', 'n3', 1, 2),
    planned('n2', 'n3', 3),
    moved('n1', 'n3', [1, 2], [4, 9]),
    moved('n2', 'n3', [3], [null]),
  )
  t.deepEqual(lines, [
    [],
    [],
    [],
    ['3 partitions moved to n3 in 1.5 s; writes waited 9 ms at most'],
  ])
})

test('the partitions of a dead node are one line, and who took them', (t) => {
  const lines = told(
    { kind: 'node.died', node: 'n1' },
    planned(null, 'n2', 1, 2),
    planned(null, 'n3', 3),
    takenOver('n3', 3),
    takenOver('n2', 1, 2),
  )
  t.deepEqual(lines[0], ['n1 is dead: its lease has run out'])
  t.deepEqual(lines.slice(1, 4), [[], [], []])
  t.deepEqual(lines[4], ['3 partitions taken over in 1.5 s: n3 1, n2 2'])
})

test('a move that its source takes back is told as that, and again when it is made', (t) => {
  const lines = told(
    planned('n1', 'n2', 7),
    takenOver('n1', 7),
    planned('n1', 'n2', 7),
    moved('n1', 'n2', [7], [1]),
  )
  t.deepEqual(lines[1], ['n1 keeps 1 partition for now: a move did not come to its end'])
  t.deepEqual(lines[3], ['1 partition moved to n2 in 0.5 s; writes waited 1 ms at most'])
})

test('a plan whose end was never told holds up nothing after a change of controllers', (t) => {
  const lines = told(
    planned(null, 'n1', 1),
    planned(null, 'n2', 2),
    takenOver('n1', 1),
    { kind: 'controller.changed', node: 'n2', before: 'n1' },
    planned(null, 'n2', 1),
    takenOver('n2', 1),
  )
  t.deepEqual(lines[3], ['1 partition taken over in 1.5 s: n1 1', 'n2 is the controller now'])
  t.deepEqual(lines[5], ['1 partition taken over in 0.5 s: n2 1'])
})

test('joins and leaves are lines, and what is not known is none', (t) => {
  const lines = told(
    { kind: 'node.joined', node: 'n4' },
    { kind: 'node.left', node: 'n4' },
    { kind: 'moon.rose' },
  )
  t.deepEqual(lines, [['n4 has joined'], ['n4 has left'], []])
})
