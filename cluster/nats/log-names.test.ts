import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { isLogStreamCount, LogNames } from './log-names.ts'

const PARTITIONS = Array.from({ length: 256 }, (_, index) => index as PartitionId)
const COUNTS = [1, 2, 4, 8, 16]

test('one stream is called as it was before there could be several', (t) => {
  const names = new LogNames('tinygrid', 1)
  t.deepEqual(names.all, [{ stream: 'TINYGRID_LOG', subjects: 'tinygrid.log.*' }])
  t.is(names.subjectOf(7 as PartitionId), 'tinygrid.log.7')
})

test('several streams are numbered, and a subject names its stream', (t) => {
  const names = new LogNames('tinygrid', 4)
  t.deepEqual(names.all[3], { stream: 'TINYGRID_LOG_3', subjects: 'tinygrid.log.3.*' })
  t.is(names.all.length, 4)
  t.is(names.subjectOf(7 as PartitionId), 'tinygrid.log.3.7')
})

test('each partition lies in the one stream that takes its subject', (t) => {
  for (const count of COUNTS) {
    const names = new LogNames('tinygrid', count)
    for (const partition of PARTITIONS) {
      const taking = names.all.filter(({ subjects }) => takes(subjects, names.subjectOf(partition)))
      t.deepEqual(taking, [names.all[names.indexOf(partition)]!])
    }
  }
})

test('a range of partitions lies in all streams, in equal parts', (t) => {
  for (const count of COUNTS) {
    const names = new LogNames('tinygrid', count)
    const held = names.all.map(() => 0)
    for (const partition of PARTITIONS.slice(85, 85 + 2 * count)) held[names.indexOf(partition)]!++
    t.deepEqual(new Set(held), new Set([2]))
  }
})

test('clusters share no stream of their logs, however many they have', (t) => {
  const namespaces = ['a', 'a-log', 'a-log-1', 'a-1', 'a1', 'a-b']
  const all = namespaces.flatMap((namespace) =>
    COUNTS.flatMap((count) => new LogNames(namespace, count).all.map(({ stream }) => stream)),
  )
  // Of one namespace: the lone stream, and those of the largest number, which has the smaller ones.
  t.is(new Set(all).size, namespaces.length * (1 + 16))
})

test('a number of streams is a power of two up to 16', (t) => {
  const numbers = Array.from({ length: 70 }, (_, index) => index - 1)
  t.deepEqual(numbers.filter(isLogStreamCount), COUNTS)
  for (const wrong of [0.5, 2.5, Number.NaN]) t.false(isLogStreamCount(wrong))
})

function takes(subjects: string, subject: string): boolean {
  const [wanted, given] = [subjects.split('.'), subject.split('.')]
  const isLike = wanted.every((token, index) => token === '*' || token === given[index])
  return isLike && wanted.length === given.length
}
