/** What throws while one request is decided is that request's answer, and nobody else's. */
import test from 'ava'
import * as fc from 'fast-check'
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import { ActorWorld, NOW, type Ticket } from '../testing/actor-world.ts'
import { codesOf, HostWorld, Disk, P } from '../testing/host-world.ts'
import { decide } from './decision.ts'

const CODES = ['a', 'b', 'c'] as Code[]
const GOOD = {
  kind: 'create',
  code: 'a' as Code,
  url: 'https://a.example/',
  title: null,
  tags: [],
  expiresAt: null,
  maxVisits: null,
  isAlias: false,
  reuse: false,
} satisfies WriteRequest

/** None of these can be decided, or written as a record, on whatever link. */
const MALFORMED: readonly unknown[] = [
  null,
  7,
  {},
  { ...GOOD, code: undefined },
  { ...GOOD, kind: 'merge' },
  { ...GOOD, url: `https://a.example/${'x'.repeat(100_000)}` },
  { ...GOOD, url: undefined },
  { ...GOOD, title: 'x'.repeat(70_000) },
  { ...GOOD, title: 7 },
  { ...GOOD, tags: 'x' },
  { ...GOOD, tags: ['ö'.repeat(200)] },
  { ...GOOD, expiresAt: -1 },
  { ...GOOD, expiresAt: 2 ** 50 },
  { ...GOOD, maxVisits: 2 ** 40 },
  { ...GOOD, validFrom: -1 },
  { ...GOOD, redirectStatus: 200 },
  { ...GOOD, expiredUrl: 'javascript:alert(1)' },
  { ...GOOD, operationId: 'x', expiresAt: -5 },
]

const code = fc.constantFrom(...CODES)
const url = fc.nat(3).map((n) => `https://a.example/${n}`)
const maxVisits = fc.option(fc.integer({ min: 1, max: 4 }))
const good: fc.Arbitrary<WriteRequest> = fc.oneof(
  fc.record({ ...constants(GOOD), code, url, maxVisits }),
  fc.record({ kind: fc.constant('update' as const), code, changes: fc.record({ url }) }),
  fc.record({ kind: fc.constantFrom('delete', 'restore', 'purge', 'visit'), code }),
)
const step = fc.oneof(
  { weight: 4, arbitrary: good.map((request) => ({ kind: 'good' as const, request })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...MALFORMED), code)
      .map(([request, at]) => ({ kind: 'malformed' as const, request: withCode(request, at) })),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'begin' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle' as const }) },
)

function constants<T extends object>(value: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  const entries = Object.entries(value).map(([name, one]) => [name, fc.constant(one)])
  return Object.fromEntries(entries) as { [K in keyof T]: fc.Arbitrary<T[K]> }
}

/** On a code that the good ones are about too. */
function withCode(request: unknown, at: Code): unknown {
  const hasCodeOf = typeof request === 'object' && request !== null && 'code' in request
  return hasCodeOf && request.code !== undefined ? { ...request, code: at } : request
}

test('good writes among malformed ones are answered as if these were not there', (t) => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const world = new ActorWorld({ batchRecordsMax: 4 })
    const asked: { ticket: Ticket; request: WriteRequest; isGood: boolean }[] = []
    for (const one of steps) {
      if (one.kind === 'begin') world.begin()
      else if (one.kind === 'settle') world.settle()
      else {
        const request = one.request as WriteRequest
        const isGood = one.kind === 'good'
        asked.push({ ticket: world.submit(request), request, isGood })
      }
    }
    world.begin()
    world.settle()
    const model = new Map<Code, Link | undefined>()
    for (const { ticket, request, isGood } of asked) {
      const { outcome } = ticket
      if (!isGood && outcome instanceof TinygridError) continue
      const { result, next } = decide(model.get(request.code), request, NOW)
      t.true(isGood || next === undefined, 'what is malformed changes nothing')
      if (next !== undefined) model.set(request.code, next)
      t.deepEqual<unknown, unknown>(outcome, result)
    }
    for (const one of CODES) {
      const link = model.get(one)
      t.deepEqual(world.truth(one), link?.lifecycle === 'purged' ? undefined : link)
    }
    world.assertMemoryIsRight(CODES)
    t.is(world.actor.depth, 0)
  })
  fc.assert(property, { numRuns: 300 })
})

test('a write that cannot be decided is an internal error, told once, and others go on', async (t) => {
  const disk = new Disk()
  const world = new HostWorld('a', disk)
  await world.open()
  const [first, second, third] = codesOf(P, 3) as [Code, Code, Code]
  const writes = [
    world.create(first),
    world.create(second, { title: 'x'.repeat(70_000), operationId: 'op' }),
    world.create(second, { expiresAt: -1 as EpochMs }),
    world.create(third),
  ]
  const results = await Promise.allSettled(writes)
  t.deepEqual(
    results.map((one) => {
      return one.status === 'fulfilled' ? one.value.kind : hasCode(one.reason, 'internal')
    }),
    ['created', true, true, 'created'],
  )
  t.is(world.errors.length, 2)
  t.true(world.errors.every((error) => error instanceof RangeError))
  t.is(world.host.counters.decisionErrors, 2)
  t.like(await world.create(second, { operationId: 'op' }), { kind: 'created' })
})
