/** Whatever reaches an owner over the network, it lives, and does what it is rightly asked. */
import test from 'ava'
import * as fc from 'fast-check'
import type { Code, Epoch, NodeId } from '../../links/ids.ts'
import { newLink } from '../../links/link-owner.ts'
import type { Link } from '../../links/link.ts'
import { MemoryNetwork } from '../../cluster/testing/memory-peers.ts'
import { OWNER_CALLS } from '../../cluster/peers/owner-protocol.ts'
import { codesOf, Disk, HostWorld, P, RING } from '../testing/host-world.ts'
import { createRequest } from '../testing/test-requests.ts'
import { serveOwner } from './owner-service.ts'

const [OWNER, STRANGER] = ['a', 'stranger'] as NodeId[] as [NodeId, NodeId]
const [OTHER, ...CODES] = codesOf(P, 7) as [Code, ...Code[]]
const EPOCH = 1 as Epoch

const code = fc.constantFrom(...CODES)
const good = code.map((one) => createRequest(one, { reuse: false }))
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.nat(70_000).map((length) => 'x'.repeat(length)),
  fc.constantFrom('javascript:alert(1)', 'https://a.example/\r\nx: y', 'api', '__proto__'),
)
const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.array(text, { maxLength: 12 }))
const FIELDS = `
  kind code url title tags expiresAt maxVisits isAlias reuse operationId ifMatch changes lifecycle
  createdAt visits
`
const field = fc.constantFrom(...FIELDS.trim().split(/\s+/))
/** Each of these has ended an owner, or was stored. */
const ATTACKS: readonly (readonly [string, unknown])[] = [
  ['url', `https://a.example/${'x'.repeat(100_000)}`],
  ['url', 'javascript:alert(1)'],
  ['url', 'https://a.example/\r\nx: y'],
  ['title', 'x'.repeat(70_000)],
  ['tags', ['ö'.repeat(200)]],
  ['tags', [7]],
  ['expiresAt', -1],
  ['maxVisits', 2 ** 40],
  ['code', 'api'],
  ['code', undefined],
]
const attack = fc.constantFrom(...ATTACKS)
const kind = fc.constantFrom(
  'create',
  'create',
  'create',
  'update',
  'delete',
  'restore',
  'purge',
  'visit',
  'merge',
)
/** Of a code that no good one is about. */
const spoiled = fc
  .tuple(kind, fc.array(fc.oneof(attack, fc.tuple(field, anything)), { maxLength: 3 }), attack)
  .map(([what, fields, last]) => {
    const request = Object.assign(createRequest(OTHER), { kind: what, changes: {} })
    return Object.assign(request, Object.fromEntries([...fields, last]))
  })
const isAboutGood = (request: unknown) => CODES.some((one) => JSON.stringify(request).includes(one))
const hostile = fc.oneof(spoiled, anything).filter((request) => !isAboutGood(request))

async function start() {
  const disk = new Disk()
  const world = new HostWorld(OWNER, disk)
  await world.open()
  const network = new MemoryNetwork({ clock: disk.clock })
  const errors: unknown[] = []
  serveOwner({
    ring: RING,
    peers: network.join(OWNER),
    owner: world.host,
    placement: {
      ownerOf: () => ({ owner: OWNER, epoch: EPOCH }),
      learn: () => {},
      onChange: () => () => {},
    },
    clock: disk.clock,
    now: () => disk.now(),
    onError: (_, error) => errors.push(error),
  })
  const caller = network.join(STRANGER)
  const call = async (name: string, params: unknown) => {
    const answer = caller.call(OWNER, name, params, 5_000).catch((error: unknown) => error)
    await disk.clock.pass(1_000)
    return answer
  }
  return { disk, world, errors, call }
}

test('requests that are no requests cost the others of their call nothing', async (t) => {
  const asked = fc.oneof(
    good.map((request) => ({ request: request as unknown, isGood: true })),
    hostile.map((request) => ({ request, isGood: false })),
  )
  const property = fc.asyncProperty(fc.array(asked, { maxLength: 12 }), async (requests) => {
    const { disk, world, errors, call } = await start()
    const params = {
      requests: requests.map(({ request }) => request),
      epochs: requests.map(() => EPOCH),
    }
    const { answers } = (await call(OWNER_CALLS.write, params)) as { answers: readonly unknown[] }
    t.is(answers.length, requests.length)
    const model = new Map<Code, Link>()
    for (const [index, { request, isGood }] of requests.entries()) {
      if (!isGood) continue
      const create = request as ReturnType<typeof createRequest>
      const isTaken = model.has(create.code)
      t.deepEqual(answers[index], isTaken ? { kind: 'taken' } : disk.now() - 1_000)
      if (!isTaken) model.set(create.code, newLink(create, answers[index] as Link['createdAt']))
    }
    for (const one of CODES) t.deepEqual(await world.host.read(one), model.get(one))
    t.deepEqual([...errors, ...world.errors], [])
  })
  await fc.assert(property, { numRuns: 150 })
})

for (const [name, value] of ATTACKS) {
  test(`${name} cannot be ${String(value).slice(0, 30)}, and the next link is made`, async (t) => {
    const { world, errors, call } = await start()
    const [first] = CODES as [Code]
    const requests = [{ ...createRequest(OTHER), [name]: value }, createRequest(first)]
    const reply = await call(OWNER_CALLS.write, { requests, epochs: [EPOCH, EPOCH] })
    const { answers } = reply as { answers: readonly unknown[] }
    t.like(answers[0], { error: { code: value === 'api' ? 'reserved_code' : 'invalid_field' } })
    t.is(typeof answers[1], 'number')
    t.is(await world.host.read(OTHER), undefined)
    t.deepEqual([...errors, ...world.errors], [])
  })
}

test('calls that are no calls change nothing', async (t) => {
  const { disk, world, errors, call } = await start()
  await world.create(CODES[0]!)
  const before = (await disk.records()).length
  const frame = fc.record({ requests: anything, codes: anything, epochs: anything })
  const name = fc.constantFrom(...Object.values(OWNER_CALLS))
  const property = fc.asyncProperty(name, fc.oneof(frame, anything), async (what, params) => {
    await t.notThrowsAsync(call(what, params))
  })
  await fc.assert(property, { numRuns: 300 })
  t.is((await disk.records()).length, before)
  t.deepEqual([...errors, ...world.errors], [])
})
