/** What is promised of operations is kept, or the write is refused before it is done. */
import test from 'ava'
import { hasCode, TinygridError } from '../../links/errors.ts'
import { toLogPosition, type Code } from '../../links/ids.ts'
import { OPERATION_KEPT_MS, VISIT_KEPT_MS } from '../../links/link-owner.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'
import { codesOf, Disk, HostWorld, P } from '../testing/host-world.ts'
import { CHANGES_MAX, VISITS_MAX, type Operation } from './operations.ts'

const [KEYED, METERED, OTHER] = codesOf(P, 3) as [Code, Code, Code]
const RECORD = linkRecord('x')

/** The code that the write is refused with, and after how many seconds it may come again. */
async function refusal(write: Promise<unknown>) {
  try {
    return await write
  } catch (error) {
    return error instanceof TinygridError ? [error.code, error.retryAfterSeconds] : error
  }
}

async function start() {
  const disk = new Disk()
  const world = new HostWorld('a', disk)
  const { operations } = await world.open()
  /** As if so many were carried out just now. */
  const fill = (count: number, outcome: Operation['outcome']) => {
    for (let n = 0; n < count; n++) {
      const position = toLogPosition(1)
      operations.remember({
        id: `${outcome}${n}`,
        outcome,
        record: RECORD,
        position,
        at: disk.now(),
      })
    }
  }
  const visit = (operationId: string) => {
    return world.host.write({ kind: 'visit', code: METERED, operationId })
  }
  return { disk, world, fill, visit }
}

test('a link that is visited a hundred times a second leaves a creation its minute', async (t) => {
  const { disk, world, visit } = await start()
  const first = await world.create(KEYED, { operationId: 'keyed' })
  await world.create(METERED, { maxVisits: 1_000_000 })
  await world.host.write({ kind: 'delete', code: KEYED })
  for (let second = 1; second < OPERATION_KEPT_MS / 1_000; second++) {
    const visits = Array.from({ length: 100 }, (_, n) => visit(`${second}.${n}`))
    for (const result of await Promise.all(visits)) t.is(result.kind, 'redirect')
    await disk.clock.pass(1_000)
  }
  t.deepEqual(await world.create(KEYED, { operationId: 'keyed' }), first)
})

test('where a minute of changes cannot be remembered one more is refused, with when to come again', async (t) => {
  const { disk, world, fill } = await start()
  fill(CHANGES_MAX, 'created')
  await disk.clock.pass(10_000)
  const before = (await disk.records()).length
  const refused = await refusal(world.create(OTHER, { operationId: 'one more' }))
  t.deepEqual(refused, ['operations_full', OPERATION_KEPT_MS / 1_000 - 10])
  t.is((await disk.records()).length, before, 'nothing was done')
  t.like(await world.create(KEYED), { kind: 'created' }, 'one that is not to be remembered')
  t.like(await world.create(METERED, { operationId: 'created7' }), { kind: 'created' }, 'known')
  await disk.clock.pass(OPERATION_KEPT_MS - 10_000)
  t.like(await world.create(OTHER, { operationId: 'one more' }), { kind: 'created' })
})

test('visits and changes are refused each for itself', async (t) => {
  const { disk, world, fill, visit } = await start()
  await world.create(METERED, { maxVisits: 10 })
  fill(VISITS_MAX, 'redirect')
  t.deepEqual(await refusal(visit('a')), ['operations_full', VISIT_KEPT_MS / 1_000])
  t.like(await world.create(OTHER, { operationId: 'b' }), { kind: 'created' })
  await disk.clock.pass(VISIT_KEPT_MS)
  t.like(await visit('a'), { kind: 'redirect' })
})

test('a batch takes no more than there is room for', async (t) => {
  const { world, fill, visit } = await start()
  await world.create(METERED, { maxVisits: 100 })
  fill(VISITS_MAX - 3, 'redirect')
  const results = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => visit(`${n}`)))
  t.deepEqual(
    results.map((one) => one.status === 'fulfilled' || hasCode(one.reason, 'operations_full')),
    [true, true, true, true, true],
  )
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 3)
  t.like(await world.host.read(METERED), { visits: 3 })
})
