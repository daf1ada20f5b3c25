/** The target of a move takes pieces in their order, once, and opens once. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import {
  toLogPosition,
  type Code,
  type Epoch,
  type NodeId,
  type PartitionId,
} from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import {
  LOAD_CALL,
  OPEN_CALL,
  packVersions,
  type LoadMessage,
  type Opened,
} from './hand-off-message.ts'
import { HandOffWorld } from '../testing/hand-off-world.ts'
import { codesOf, P } from '../testing/host-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]
const B = 'b' as NodeId

const version = (code: Code, position: number, url: string, isDirty = false) => {
  return Object.assign(linkVersion(code, position, { url }), { isDirty })
}

/** What a source sends, said by the test. */
async function start() {
  const world = await HandOffWorld.start()
  const peers = world.network.join('other' as NodeId)
  const ask = (name: string, message: object) => {
    const what = { partition: P, move: 'm', tableVersion: 0, stage: 'bulk' }
    const piece = { ...what, versions: '', operations: '' }
    return peers.call(B, name, { ...piece, ...message }, 5_000).catch((error: unknown) => error)
  }
  const call = async (name: string, message: object) => {
    const answer = ask(name, message)
    await world.pass(10)
    return answer
  }
  const load = (
    sequence: number,
    versions = [version(FIRST, 1, 'https://e.org/')],
    move = 'm',
    stage: LoadMessage['stage'] = 'bulk',
  ) => call(LOAD_CALL, { sequence, versions: packVersions(versions), move, stage })
  const end = { epoch: 1 as Epoch, lastPosition: toLogPosition(1) }
  const open = (sequence: number, message: object = {}) => {
    return call(OPEN_CALL, { ...end, isComplete: true, sequence, ...message }) as Promise<Opened>
  }
  const urlOf = (code: Code) => {
    const found = world.actorOfB.memory.lookup(code, world.disk.now())
    return found.kind === 'redirect' ? found.url : found.kind
  }
  return { world, ask, load, open, urlOf }
}

const KNOWN = { isKnown: true }
const UNKNOWN = { isKnown: false }
const NOT_OPENED = { opened: null }
const OPENED = { opened: { epoch: 2, position: 2 } }

test('pieces are taken from the first one on, without a gap', async (t) => {
  const { load, open, urlOf } = await start()
  t.deepEqual(await load(1), UNKNOWN, 'nothing has begun')
  t.deepEqual(await load(0), KNOWN)
  t.deepEqual(await load(2, [version(SECOND, 2, 'https://e.org/2')]), UNKNOWN, 'one is missing')
  t.deepEqual(await open(2), NOT_OPENED)
  t.deepEqual(await load(1), KNOWN)
  t.deepEqual(await open(2), OPENED)
  t.is(urlOf(SECOND), 'absent')
})

test('a piece that comes again is known and changes nothing', async (t) => {
  const { load, open, urlOf } = await start()
  await load(0, [version(FIRST, 1, 'https://e.org/old')])
  await load(1, [version(FIRST, 2, 'https://e.org/new', true)])
  t.deepEqual(await load(0, [version(FIRST, 1, 'https://e.org/old')]), KNOWN)
  t.deepEqual(await open(2), OPENED)
  t.is(urlOf(FIRST), 'https://e.org/new')
})

test('an older version behind a newer one is passed over, whether it is dirty or not', async (t) => {
  const { load, open, urlOf, world } = await start()
  await load(0, [version(FIRST, 5, 'https://e.org/new', true)])
  await load(1, [version(FIRST, 4, 'https://e.org/old', true)])
  await load(2, [version(FIRST, 3, 'https://e.org/older')])
  await open(3, { lastPosition: toLogPosition(1) })
  t.is(urlOf(FIRST), 'https://e.org/new')
  t.is(world.b.dirty.get(P)?.get(FIRST)?.position, toLogPosition(5))
})

test('a dirty version replaces a clean one that came before', async (t) => {
  const { load, open, urlOf } = await start()
  await load(0, [version(FIRST, 1, 'https://e.org/old')])
  await load(1, [version(FIRST, 2, 'https://e.org/new', true)])
  await open(2)
  t.is(urlOf(FIRST), 'https://e.org/new')
})

test('a new move of the partition begins from nothing, and ends the one before', async (t) => {
  const { load, open, urlOf } = await start()
  await load(0, [version(FIRST, 1, 'https://e.org/')], 'given-up')
  t.deepEqual(await load(0, [version(SECOND, 1, 'https://e.org/')]), KNOWN)
  t.deepEqual(await load(1, [], 'given-up'), UNKNOWN)
  t.deepEqual(await open(1, { move: 'given-up' }), NOT_OPENED)
  t.deepEqual(await open(1), OPENED)
  t.is(urlOf(FIRST), 'absent')
})

test('a node that may not take the partition begins nothing', async (t) => {
  const { world, load, open } = await start()
  world.mayTake = false
  t.deepEqual(await load(0), UNKNOWN)
  t.deepEqual(await open(0), NOT_OPENED)
  t.is((await world.disk.epochs()).length, 1)
})

test('one message may be the whole move', async (t) => {
  const { open, urlOf } = await start()
  const versions = packVersions([version(FIRST, 1, 'https://e.org/')])
  t.deepEqual(await open(0, { versions, isComplete: false }), OPENED)
  t.is(urlOf(FIRST), 'https://e.org/')
  t.is(urlOf(SECOND), 'unknown')
})

test('the opening comes right behind the last entry of the source, or not at all', async (t) => {
  const { world, load, open } = await start()
  await load(0)
  await world.a.create(FIRST)
  t.like(await open(1), { code: 'log_replaced' })
  t.false(world.b.host.actors.has(P))
  t.is((await world.disk.epochs()).length, 1)
})

test('an opening whose acknowledgement is lost is found in the log', async (t) => {
  const { world, load, open } = await start()
  world.log.onAppend = async (_, append) => {
    await append()
    throw new TinygridError('log_uncertain')
  }
  await load(0)
  t.deepEqual(await open(1), OPENED)
  t.is((await world.disk.epochs()).length, 2)
})

test('an opening that the log did not take can be asked for again', async (t) => {
  const { world, load, open } = await start()
  world.log.onAppend = () => Promise.reject(new TinygridError('log_unavailable'))
  await load(0)
  t.like(await open(1), { code: 'log_unavailable' })
  world.log.onAppend = undefined
  t.deepEqual(await open(1), OPENED)
})

test('an opening whose fate stays unknown is told as such, after some attempts', async (t) => {
  const { world, load, open } = await start()
  let attempts = 0
  world.log.onAppend = () => {
    attempts++
    return Promise.reject(new TinygridError('log_uncertain'))
  }
  await load(0)
  t.like(await open(1), { code: 'log_uncertain' })
  t.is(attempts, 5)
})

for (const [what, interrupt] of [
  ['is forgotten', (world: HandOffWorld) => world.target.forget(P)],
  ['and all others are forgotten', (world: HandOffWorld) => world.target.forgetAll()],
  ['is not to be taken any more', (world: HandOffWorld) => void (world.mayTake = false)],
] as const) {
  test(`a move that ${what} while its epoch record is written opens nothing`, async (t) => {
    const { world, load, open } = await start()
    const held = Promise.withResolvers<void>()
    world.log.onAppend = async (_, append) => {
      await held.promise
      return append()
    }
    await load(0)
    const opening = open(1)
    await world.pass(100)
    interrupt(world)
    held.resolve()
    await world.pass(10)
    t.deepEqual(await opening, NOT_OPENED)
    t.false(world.b.host.actors.has(P))
    t.deepEqual(await open(1), NOT_OPENED)
  })
}

test('a piece that could not be taken in is taken when it comes again', async (t) => {
  const { load, open, urlOf } = await start()
  await load(0)
  const versions = packVersions([version(SECOND, 2, 'https://e.org/')])
  t.like(await open(1, { versions: versions.slice(0, 20) }), { code: 'bad_request' })
  t.deepEqual(await open(2), NOT_OPENED)
  t.deepEqual(await open(1, { versions }), OPENED)
  t.is(urlOf(SECOND), 'https://e.org/')
})

test('the next piece of another partition is not asked for until the one that ends is served', async (t) => {
  const { world, ask, load, open } = await start()
  const OTHER = (P + 1) as PartitionId
  await load(0)
  t.deepEqual(await load(1, [], 'm', 'last'), KNOWN)
  let answer: unknown
  void ask(LOAD_CALL, { partition: OTHER, sequence: 0 }).then((loaded) => (answer = loaded))
  t.deepEqual(await open(2), OPENED)
  await world.pass(10)
  t.is(answer, undefined)
  world.target.forget(P)
  await world.pass(2)
  t.deepEqual(answer, KNOWN)
})

test('a piece with what is no link leaves nothing behind, and the target as it was', async (t) => {
  const { ask, load, open, urlOf, world } = await start()
  await load(0)
  const half = Buffer.from(packVersions([version(SECOND, 2, 'https://e.org/2', true)]), 'base64')
  const wrong = [
    { versions: Buffer.concat([half, half.subarray(0, 20)]).toString('base64') },
    { versions: packVersions([version(SECOND, 2, 'javascript:alert(1)', true)]) },
    { versions: half.toString('base64'), operations: 'AAAA' },
    { versions: half.toString('base64'), sequence: 'next' },
  ]
  for (const message of wrong) {
    const refused = ask(LOAD_CALL, { sequence: 1, ...message })
    await world.pass(10)
    t.like(await refused, { code: 'bad_request' })
  }
  t.deepEqual(await open(1), OPENED)
  t.is(urlOf(SECOND), 'absent')
})
