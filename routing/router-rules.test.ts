/** Links with rules or a password: who decides about them, and who must not while the owner is away. */
import test from 'ava'
import type { TinygridError } from '../links/errors.ts'
import type { Code, Epoch } from '../links/ids.ts'
import type { Link } from '../links/link.ts'
import type { RedirectRule, Visitor } from '../links/redirect-rules.ts'
import { A, B, HERE, RouterWorld } from './testing/router-world.ts'

const PHONES: RedirectRule = {
  devices: ['mobile'],
  languages: [],
  countries: [],
  from: null,
  to: null,
  targets: [{ url: 'https://m.example/', weight: 1 }],
}
const RULED: Partial<Link> = { rules: [PHONES] }
const HASH = `$scrypt$ln=14,r=8,p=5$${'A'.repeat(22)}$${'A'.repeat(43)}`
const PHONE: Visitor = { devices: ['mobile', 'ios'], language: '', country: '', draw: 0 }
const DESK: Visitor = { ...PHONE, devices: ['desktop'] }
const code = 'abc' as Code

/** Where the visitor is sent, or why not. */
async function place(world: RouterWorld, visitor: Visitor): Promise<string> {
  const asked = world.router.resolve(code, visitor).then(
    (resolved) =>
      resolved.kind === 'resolved' ? `${resolved.url} ${resolved.rule}` : resolved.kind,
    (error: unknown) => (error as TinygridError).code,
  )
  await world.clock.pass(10_000)
  return asked
}

function worldWithoutOwner(): RouterWorld {
  const world = new RouterWorld()
  world.network.rule = ({ to, from }) => (to === A || from === A ? [] : [0])
  return world
}

test('the owner decides for each visitor, and a look-up only says that it has to', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc', RULED)
  t.is(await world.answer('abc'), 'ruled by owner')
  t.is(await place(world, PHONE), 'https://m.example/ 1')
  t.is(await place(world, DESK), 'https://example.com/abc 0')
  t.is(world.router.lookup(code, world.now()).kind, 'unknown', 'nothing is kept of it')
})

test('so does an owner on this node, and one that moved away names the next', async (t) => {
  const world = new RouterWorld()
  world.placement.move(HERE)
  world.here.refusal = undefined
  world.here.add('abc', RULED)
  t.is(await place(world, PHONE), 'https://m.example/ 1')
  t.deepEqual(world.calls, [])
  world.b.add('abc', RULED)
  world.refer(world.here, { owner: B, epoch: 3 as Epoch })
  t.is(await place(world, PHONE), 'https://m.example/ 1')
  t.deepEqual(world.calls, ['resolve'])
})

test('while the owner is away, cache and store decide by the same rules', async (t) => {
  for (const source of ['cache', 'store'] as const) {
    const world = worldWithoutOwner()
    world[source].add('abc', RULED)
    t.is(await place(world, PHONE), 'https://m.example/ 1')
    t.is(await place(world, DESK), 'https://example.com/abc 0')
    world[source].add('abc', { ...RULED, lifecycle: 'deleted' })
    if (source === 'cache') t.is(await place(world, PHONE), 'gone')
  }
})

test('a node that is cut off decides by the memory of what it owned', async (t) => {
  const world = new RouterWorld()
  world.placement.move(HERE)
  world.here.add('abc', RULED)
  world.network.cut(HERE)
  t.is(await world.answer('abc'), 'ruled by stale')
  t.is(await place(world, PHONE), 'https://m.example/ 1')
})

for (const [what, link] of [
  ['has a maximum of visits', { ...RULED, maxVisits: 5 }],
  ['has a password', { ...RULED, passwordHash: HASH }],
  ['was never given', undefined],
] as const) {
  test(`where a link leads that ${what} the owner alone may say`, async (t) => {
    const world = worldWithoutOwner()
    if (link !== undefined) {
      world.cache.add('abc', link)
      world.store.add('abc', link)
    }
    t.is(await place(world, PHONE), 'owner_unavailable')
  })
}

test('a link with a password is protected, whoever says so, and never led anywhere', async (t) => {
  const world = worldWithoutOwner()
  world.cache.add('abc', { passwordHash: HASH })
  const asked = world.answer('abc')
  await world.clock.pass(10_000)
  t.is(await asked, 'protected by redis')
  const near = new RouterWorld()
  near.a.add('abc', { passwordHash: HASH })
  t.is(await near.answer('abc'), 'protected by owner')
  t.is(near.router.lookup(code, near.now()).kind, 'unknown', 'nothing is kept of it')
})

test('a decision waits for the next owner', async (t) => {
  const world = worldWithoutOwner()
  world.b.add('abc', RULED)
  const asked = world.router.resolve(code, PHONE)
  await world.clock.pass(400)
  world.placement.move(B)
  await world.clock.pass(200)
  t.like(await asked, { url: 'https://m.example/', rule: 1 })
})
