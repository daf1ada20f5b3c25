import test from 'ava'
import { toEpochMs, type Code, type LogPosition } from '../../links/ids.ts'
import { encodeLink, type LinkVersion } from '../../links/link-record.ts'
import type { Link } from '../../links/link.ts'
import { ChangeBroadcast } from './change-broadcast.ts'

const created: Link = {
  code: 'abc' as Code,
  url: 'https://example.com/',
  title: null,
  tags: [],
  createdAt: toEpochMs(1_000),
  updatedAt: toEpochMs(1_000),
  expiresAt: null,
  maxVisits: null,
  visits: 0,
  isAlias: false,
  lifecycle: 'live',
}
const updated: Link = { ...created, updatedAt: toEpochMs(2_000) }

function version(link: Link, code: string = link.code): LinkVersion {
  const named = { ...link, code: code as Code }
  return { code: named.code, position: 1 as LogPosition, record: encodeLink(named) }
}

function newBroadcast() {
  const sent: (readonly string[])[] = []
  const heard: string[] = []
  const ends: (() => void)[] = []
  const peers = {
    broadcast: (_: string, params: unknown) => sent.push((params as { codes: string[] }).codes),
  }
  const broadcast = new ChangeBroadcast({
    peers,
    onChanged: (codes) => heard.push(...codes),
    defer: (action) => ends.push(action),
  })
  const endTurn = () => ends.splice(0).forEach((end) => end())
  return { broadcast, sent, heard, endTurn }
}

test('the changes of one turn go out together, each code once', (t) => {
  const { broadcast, sent, heard, endTurn } = newBroadcast()
  broadcast.note([version(updated, 'a'), version(updated, 'b')])
  broadcast.note([version(updated, 'a')])
  t.deepEqual(sent, [])
  endTurn()
  t.deepEqual(sent, [['a', 'b']])
  t.deepEqual(heard, ['a', 'b'])
  endTurn()
  broadcast.note([version(updated, 'c')])
  endTurn()
  t.deepEqual(sent, [['a', 'b'], ['c']])
})

test('what no near cache can have is not told', (t) => {
  const { broadcast, sent, endTurn } = newBroadcast()
  const metered: Link = { ...created, maxVisits: 3 }
  broadcast.note([
    version(created),
    version(metered),
    version({ ...metered, visits: 1 }),
    version({ ...metered, visits: 2, updatedAt: toEpochMs(2_000) }),
  ])
  endTurn()
  t.deepEqual(sent, [])
})

for (const [what, link] of [
  ['deleted', { ...updated, lifecycle: 'deleted' }],
  ['purged', { ...updated, lifecycle: 'purged', url: '' }],
  ['given a number of visits', { ...updated, maxVisits: 3 }],
  ['given a time to expire', { ...updated, expiresAt: toEpochMs(3_000) }],
] as const) {
  test(`a link that is ${what} is told`, (t) => {
    const { broadcast, sent, endTurn } = newBroadcast()
    broadcast.note([version(link)])
    endTurn()
    t.deepEqual(sent, [['abc']])
  })
}

test('a broadcast has at most 500 codes', (t) => {
  const { broadcast, sent, endTurn } = newBroadcast()
  broadcast.note(Array.from({ length: 1_200 }, (_, i) => version(updated, `code${i}`)))
  endTurn()
  t.deepEqual(
    sent.map(({ length }) => length),
    [500, 500, 200],
  )
})
