import test from 'ava'
import { electionCall, leaderless, membersIn, serverIn, type RaftMember } from './raft-groups.ts'

test('the members of a server are read from its answer', (t) => {
  const told = { state: 'FOLLOWER', term: 7, leader: 'x', quorum_needed: 2 }
  const answer = { server: { name: 'n0' }, data: { $G: { log: told, odd: 7 }, SYS: { meta: {} } } }
  t.deepEqual(membersIn(JSON.stringify(answer)), [member('log', { term: 7 })])
})

test('what is no answer has no members', (t) => {
  for (const text of [
    '',
    'x',
    '7',
    '{}',
    '{"data":7}',
    '{"data":{"a":7}}',
    '{"data":{"a":{"g":[]}}}',
  ])
    t.deepEqual(membersIn(text), [], text)
  for (const term of [-1, 1.5, '7', 2 ** 53])
    t.deepEqual(membersIn(JSON.stringify({ data: { a: { g: { term, quorum_needed: 2 } } } })), [])
})

test('a group whose leader is among those who answer is left alone', (t) => {
  t.deepEqual(leaderless([member('a', { isLeader: true }), member('a')]), [])
})

test('followers whose leader does not answer are to elect in a new term', (t) => {
  const found = leaderless([member('a', { term: 4 }), member('a', { term: 4 })])
  t.deepEqual(found, [{ group: 'a', term: 5, isWaiting: true }])
})

test('a leader of an older term is none', (t) => {
  const deposed = member('a', { isLeader: true, term: 4 })
  const found = leaderless([deposed, member('a', { term: 6 }), member('a', { term: 6 })])
  t.deepEqual(found, [{ group: 'a', term: 7, isWaiting: true }])
})

test('a minority cannot elect', (t) => {
  t.deepEqual(leaderless([member('a')]), [])
})

test('members of the newest term that follow nobody are electing', (t) => {
  const found = leaderless([member('a', { hasLeader: false, term: 2 }), member('a')])
  t.deepEqual(found, [{ group: 'a', term: 3, isWaiting: false }])
})

test('a server is told by its name, if that can be a part of a subject', (t) => {
  t.is(serverIn('{"server":{"id":"NABC"}}'), 'NABC')
  for (const id of ['a.b', '>', '*', '', 7])
    t.is(serverIn(JSON.stringify({ server: { id } })), undefined)
})

test('a call is a request for votes with an empty log', (t) => {
  const { subject, payload } = electionCall({ group: 'S-R3F-x', term: 258 })
  t.is(subject, '$NRG.V.S-R3F-x')
  t.is(payload.toString('hex'), `0201${'00'.repeat(22)}${Buffer.from('tinygrid').toString('hex')}`)
})

function member(group: string, told: Partial<RaftMember> = {}): RaftMember {
  return { group, isLeader: false, hasLeader: true, term: 1, quorum: 2, ...told }
}
