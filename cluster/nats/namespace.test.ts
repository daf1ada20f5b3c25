import test from 'ava'
import type { Code, PartitionId } from '../../links/ids.ts'
import { codeOfDeadLetter, isNamespace, namesOf } from './namespace.ts'

test('the default namespace gives the names that the documents tell', (t) => {
  const names = namesOf('tinygrid')
  t.is(names.logStream, 'TINYGRID_LOG')
  t.is(names.deadLetterStream, 'TINYGRID_DEAD_LETTERS')
  t.is(names.deadLetterSubject(7 as PartitionId, 'aB_-' as Code), 'tinygrid.dead-letter.7.aB_-')
  t.is(names.deadLetterSubject(undefined, 'x' as Code), 'tinygrid.dead-letter.*.x')
  const other = names.deadLetterSubject(7 as PartitionId, 'go.example/x' as Code)
  t.is(other, 'tinygrid.dead-letter.7.go,example/x')
  t.is(codeOfDeadLetter(other), 'go.example/x')
  t.is(names.clicksStream, 'TINYGRID_CLICKS')
  t.is(names.clicksSubject('n1'), 'tinygrid.clicks.n1')
  t.deepEqual([names.feedStream, names.feedSubject], ['TINYGRID_FEED', 'tinygrid.feed.clicks'])
  t.is(names.kvBucket, 'tinygrid')
  t.is(names.privateBucket, 'tinygrid_private')
})

test('two namespaces share no stream', (t) => {
  const namespaces = ['a', 'b', 'a-b', 'ab', 'a1']
  t.is(new Set(namespaces.map((namespace) => namesOf(namespace).logStream)).size, namespaces.length)
})

test('what would not be one token of a subject, or like another one, is no namespace', (t) => {
  for (const text of ['', '-a', '1a', 'a.b', 'a b', 'a*', 'a>', 'A', 'a_b', 'a'.repeat(33)]) {
    t.false(isNamespace(text), text)
    t.throws(() => namesOf(text))
  }
})
