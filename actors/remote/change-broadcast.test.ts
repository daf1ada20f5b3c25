import test from 'ava'
import { toEpochMs, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { encodeLink, type LinkVersion } from '../../links/link-record.ts'
import type { Link } from '../../links/link.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { ChangeBroadcast, spacingMs } from './change-broadcast.ts'

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
const PARTITION = 0 as PartitionId

function version(link: Link, code: string = link.code): LinkVersion {
  const named = { ...link, code: code as Code }
  return { code: named.code, position: 1 as LogPosition, record: encodeLink(named) }
}

function newBroadcast({ nodes = 3, isNear = (_code: string): boolean => true } = {}) {
  const sent: (readonly string[])[] = []
  const heard: string[] = []
  const ends: (() => void)[] = []
  const clock = new ManualClock()
  const peers = {
    broadcast: (_: string, params: unknown) => sent.push((params as { codes: string[] }).codes),
  }
  const broadcast = new ChangeBroadcast({
    peers,
    asked: { mayBeNear: (_, code) => isNear(code) },
    nodes: () => nodes,
    clock,
    onChanged: (codes) => heard.push(...codes),
    defer: (action) => ends.push(action),
  })
  const note = (...versions: LinkVersion[]) => broadcast.note(PARTITION, versions)
  const endTurn = () => ends.splice(0).forEach((end) => end())
  return { note, sent, heard, endTurn, clock }
}

test('the changes of one turn go out together, each code once', (t) => {
  const { note, sent, heard, endTurn } = newBroadcast()
  note(version(updated, 'a'), version(updated, 'b'))
  note(version(updated, 'a'))
  t.deepEqual(sent, [])
  t.deepEqual(heard, ['a', 'b', 'a'], 'the gateway of this process hears of them at once')
  endTurn()
  t.deepEqual(sent, [['a', 'b']])
})

test('what changes soon after waits for its turn, with all others of that time', async (t) => {
  const { note, sent, endTurn, clock } = newBroadcast()
  note(version(updated, 'a'))
  endTurn()
  for (const code of ['b', 'c', 'd']) {
    note(version(updated, code))
    endTurn()
    await clock.pass(10)
  }
  t.deepEqual(sent, [['a']])
  await clock.pass(spacingMs(3))
  t.deepEqual(sent, [['a'], ['b', 'c', 'd']])
  await clock.pass(spacingMs(3))
  note(version(updated, 'e'))
  endTurn()
  t.deepEqual(sent.at(-1), ['e'], 'after a pause it goes at once again')
})

test('however many nodes there are, each hears a bounded number of broadcasts', async (t) => {
  for (const nodes of [3, 10, 30, 100, 200]) {
    const { note, sent, endTurn, clock } = newBroadcast({ nodes })
    for (let ms = 0; ms < 4_000; ms++) {
      note(version(updated, `code${ms % 50}`))
      endTurn()
      await clock.pass(1)
    }
    const heardBySecond = ((nodes - 1) * sent.length) / 4
    t.true(heardBySecond <= 500, `${nodes} nodes: ${heardBySecond}`)
  }
})

test('what no near cache can have is not told', (t) => {
  const { note, sent, heard, endTurn } = newBroadcast({ isNear: (code) => code !== 'unasked' })
  const metered: Link = { ...created, maxVisits: 3 }
  note(
    version(created),
    version(metered),
    version({ ...metered, visits: 1 }),
    version({ ...metered, visits: 2, updatedAt: toEpochMs(2_000) }),
    version(updated, 'unasked'),
  )
  endTurn()
  t.deepEqual(sent, [])
  t.deepEqual(heard, ['unasked'], 'this gateway may have asked the owner before')
})

for (const [what, link] of [
  ['deleted', { ...updated, lifecycle: 'deleted' }],
  ['purged', { ...updated, lifecycle: 'purged', url: '' }],
  ['given a number of visits', { ...updated, maxVisits: 3 }],
  ['given a time to expire', { ...updated, expiresAt: toEpochMs(3_000) }],
] as const) {
  test(`a link that is ${what} is told`, (t) => {
    const { note, sent, endTurn } = newBroadcast()
    note(version(link))
    endTurn()
    t.deepEqual(sent, [['abc']])
  })
}

test('a broadcast has at most 500 codes, and so many wait for no turn', async (t) => {
  const { note, sent, endTurn, clock } = newBroadcast()
  note(...Array.from({ length: 1_200 }, (_, i) => version(updated, `code${i}`)))
  endTurn()
  await clock.pass(spacingMs(3))
  t.deepEqual(
    sent.map(({ length }) => length),
    [500, 500, 200],
  )
})
