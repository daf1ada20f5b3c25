import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code, type Epoch, type NodeId } from '../../links/ids.ts'
import { ABSENT, redirectTo, UNKNOWN, type Link, type Lookup } from '../../links/link.ts'
import { testLink } from '../../links/testing/sample-links.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryNetwork } from '../../cluster/testing/memory-peers.ts'
import {
  encodeCodes,
  encodeRequests,
  OWNER_CALLS,
  parseAnswers,
  type OwnerRequest,
} from '../../cluster/peers/owner-protocol.ts'
import { parseLookup, parseWriteResult } from '../../cluster/peers/owner-values.ts'
import type { PlacedOwner } from '../../cluster/table/placement.ts'
import type { LinkOwner, WriteRequest, WriteResult } from '../../links/link-owner.ts'
import { Ring } from '../../links/ring.ts'
import { serveOwner } from './owner-service.ts'

/** In three bytes a character it would be 24 KB. */
const LONG_URL = `https://example.com/${'a'.repeat(8_000)}`
const [ME, OTHER] = ['me', 'other'] as NodeId[]
const EPOCH = 5 as Epoch

const write = (operationId: string) => ({ kind: 'visit', code: 'm1', operationId })

/** Answers look-ups of codes that begin with `m` from memory, finds the others when told to. */
class SlowOwner implements LinkOwner {
  readonly writes: WriteRequest[] = []
  readonly waiting: (() => void)[] = []

  lookup(code: Code): Lookup {
    if (code === 'broken') throw new RangeError('damaged')
    return code.startsWith('m') ? redirectTo(`https://example.com/${code}`, null) : UNKNOWN
  }

  async find(code: Code) {
    if (code === 'broken') throw new TinygridError('store_unavailable')
    if (code !== 'quick') await new Promise<void>((resolve) => this.waiting.push(resolve))
    return { lookup: redirectTo(`https://example.com/${code}`, null), source: 'owner' } as const
  }

  async resolve() {
    return ABSENT
  }

  /** Of codes that begin with `long`: links that fill some messages together. */
  async read(code: Code): Promise<Link | undefined> {
    return code.startsWith('long') ? testLink(code, { url: LONG_URL }) : undefined
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    this.writes.push(request)
    await new Promise<void>((resolve) => this.waiting.push(resolve))
    return { kind: 'absent' }
  }
}

function newService(placed: PlacedOwner = { owner: ME!, epoch: EPOCH }, opened?: Epoch) {
  const clock = new ManualClock()
  const network = new MemoryNetwork({ clock })
  const owner = new SlowOwner()
  const errors: string[] = []
  serveOwner({
    ring: new Ring(16),
    peers: network.join(ME!),
    owner,
    placement: { ownerOf: () => placed, learn: () => {}, onChange: () => () => {} },
    openedEpochOf: () => opened,
    clock,
    now: () => toEpochMs(1),
    onError: (what) => errors.push(what),
  })
  const caller = network.join(OTHER!)
  const call = (name: string, requests: readonly unknown[], epoch = EPOCH) => {
    const asked = requests.map((what) => ({ what, epoch }))
    const isWrite = name === OWNER_CALLS.write
    const params = isWrite
      ? encodeRequests(asked, (what) => what)
      : encodeCodes(asked as OwnerRequest<Code>[])
    return caller.call(ME!, name, params, 1_000)
  }
  const lookups = async (name: string, codes: readonly string[], epoch?: Epoch) => {
    const reply = await call(name, codes, epoch)
    const asked = codes.map((what) => ({ what, epoch: EPOCH }))
    return parseAnswers(reply, asked, parseLookup).map((answer) => {
      if (answer instanceof TinygridError) return answer
      return answer.kind === 'redirect' ? answer.url : answer.kind
    })
  }
  return { clock, owner, call, lookups, errors }
}

test('look-ups are answered in order, by memory alone', async (t) => {
  const { lookups } = newService()
  t.deepEqual(await lookups(OWNER_CALLS.lookup, ['m1', 'cold', 'm2']), [
    'https://example.com/m1',
    'unknown',
    'https://example.com/m2',
  ])
})

test('of links that are more than a message carries, as many are answered as fit', async (t) => {
  const { call } = newService()
  const codes = Array.from({ length: 64 }, (_, n) => `long${n}`)
  const reply = (await call(OWNER_CALLS.read, codes)) as { answers: object[] }
  t.true(JSON.stringify(reply).length < 2 ** 20)
  const isLink = reply.answers.map((answer) => 'url' in answer)
  const fitting = isLink.indexOf(false)
  t.true(fitting > 20 && isLink.lastIndexOf(true) === fitting - 1)
  t.like(reply.answers[fitting], { error: { code: 'owner_unavailable' } })
  const rest = (await call(OWNER_CALLS.read, codes.slice(fitting))) as { answers: object[] }
  t.true('url' in rest.answers[0]!)
})

test('one that takes too long does not hold up the others', async (t) => {
  const { lookups, clock } = newService()
  const found = lookups(OWNER_CALLS.find, ['quick', 'slow', 'broken'])
  await clock.pass(400)
  const [quick, slow, broken] = await found
  t.is(quick, 'https://example.com/quick')
  t.like(slow, { code: 'owner_unavailable' })
  t.like(broken, { code: 'store_unavailable' })
})

test('all that is found is answered as soon as it is', async (t) => {
  const { lookups, clock, owner } = newService()
  const found = lookups(OWNER_CALLS.find, ['quick', 'slow'])
  await clock.pass(10)
  owner.waiting[0]!()
  t.deepEqual(await found, ['https://example.com/quick', 'https://example.com/slow'])
  t.is(clock.now(), 10)
})

test('who asks the wrong node is told the owner', async (t) => {
  const { lookups } = newService({ owner: OTHER!, epoch: EPOCH })
  const [answer] = await lookups(OWNER_CALLS.lookup, ['m1'])
  t.like(answer, { code: 'not_owner', owner: { owner: OTHER, epoch: EPOCH } })
})

test('while nobody owns the partition there is nobody to name', async (t) => {
  const { lookups } = newService({ owner: null, epoch: EPOCH })
  const [answer] = await lookups(OWNER_CALLS.lookup, ['m1'])
  t.like(answer, { code: 'not_owner', owner: undefined })
})

for (const name of [OWNER_CALLS.lookup, OWNER_CALLS.find, OWNER_CALLS.read, OWNER_CALLS.write]) {
  test(`a caller that knows of a later epoch is not answered (${name})`, async (t) => {
    const { call, owner } = newService()
    const request = name === OWNER_CALLS.write ? { kind: 'visit', code: 'm1' } : 'm1'
    const reply = await call(name, [request], (EPOCH + 1) as Epoch)
    const asked = { what: { kind: 'visit', code: 'm1' as Code } as const, epoch: EPOCH }
    const [answer] = parseAnswers(reply, [asked], parseWriteResult)
    t.like(answer, { code: 'not_owner', owner: undefined })
    t.is(owner.writes.length, 0)
  })
}

test('a caller with an old table is answered by the owner', async (t) => {
  const { lookups } = newService()
  t.deepEqual(await lookups(OWNER_CALLS.lookup, ['m1'], 1 as Epoch), ['https://example.com/m1'])
})

test('a node that has opened a partition answers who knows, before the table says so', async (t) => {
  const next = (EPOCH + 1) as Epoch
  const { lookups } = newService({ owner: OTHER!, epoch: EPOCH }, next)
  t.deepEqual(await lookups(OWNER_CALLS.lookup, ['m1'], next), ['https://example.com/m1'])
  t.like((await lookups(OWNER_CALLS.lookup, ['m1'], EPOCH))[0], { code: 'not_owner' })
  const later = (EPOCH + 2) as Epoch
  t.like((await lookups(OWNER_CALLS.lookup, ['m1'], later))[0], { code: 'not_owner' })
})

test('a write that is asked for again, under way or done, joins itself, and its order stays', async (t) => {
  const { call, owner, clock } = newService()
  const first = call(OWNER_CALLS.write, [write('one'), write('two')])
  const again = call(OWNER_CALLS.write, [write('two'), write('one')])
  await clock.pass(0)
  t.deepEqual(
    owner.writes.map(({ operationId }) => operationId),
    ['one', 'two'],
  )
  for (const resolve of owner.waiting) resolve()
  t.deepEqual(await first, { answers: [{ kind: 'absent' }, { kind: 'absent' }] })
  t.deepEqual(await again, await first)
  t.deepEqual(await call(OWNER_CALLS.write, [write('one')]), { answers: [{ kind: 'absent' }] })
  t.is(owner.writes.length, 2)
})

test('what is no call is refused', async (t) => {
  const { call } = newService()
  await t.throwsAsync(call(OWNER_CALLS.lookup, ['a b']), { code: 'bad_request' })
})

test('a request that may not be asked is refused alone, and the others are answered', async (t) => {
  const { call, lookups, owner, clock } = newService()
  const wrong = { ...write('bad'), code: 'x'.repeat(100_000) }
  const reply = call(OWNER_CALLS.write, [write('one'), wrong, { kind: 'merge' }, write('two')])
  await clock.pass(0)
  t.is(owner.writes.length, 2)
  for (const resolve of owner.waiting) resolve()
  const { answers } = (await reply) as { answers: readonly { error?: { code: string } }[] }
  const codes = answers.map(({ error }) => error?.code)
  t.deepEqual(codes, [undefined, 'invalid_field', 'bad_request', undefined])
  const [m1, refused, m2] = await lookups(OWNER_CALLS.lookup, ['m1', 'no_code!', 'm2'])
  t.deepEqual([m1, m2], ['https://example.com/m1', 'https://example.com/m2'])
  t.like(refused, { code: 'invalid_field', field: 'code' })
})

test('a look-up that fails in memory fails alone', async (t) => {
  const { lookups, errors } = newService()
  const [m1, broken] = await lookups(OWNER_CALLS.lookup, ['m1', 'broken'])
  t.is(m1, 'https://example.com/m1')
  t.like(broken, { code: 'internal' })
  t.deepEqual(errors, ['a request of another node failed'])
})
