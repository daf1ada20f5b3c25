import test from 'ava'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { JetStreamTrims } from './jetstream-trims.ts'

interface Purge {
  readonly what: string
  readonly end: PromiseWithResolvers<void>
}

test('trims that wait behind one of their partition become one, the furthest', async (t) => {
  const { trims, purges } = setUp()
  const first = trims.trim(id(1), at(10))
  const others = [30, 20, 25].map((upTo) => trims.trim(id(1), at(upTo)))
  t.deepEqual(whatOf(purges), ['1 to 10'])
  purges[0]!.end.resolve()
  await first
  t.deepEqual(whatOf(purges), ['1 to 10', '1 to 30'])
  purges[1]!.end.resolve()
  await Promise.all(others)
})

test('a bounded number runs at once, and each partition gets its turn', async (t) => {
  const { trims, purges } = setUp()
  const all = Array.from({ length: 40 }, (_, index) => trims.trim(id(index), at(5)))
  t.is(purges.length, 16)
  for (let index = 0; index < 40; index++) {
    purges[index]!.end.resolve()
    await all[index]
  }
  t.is(new Set(whatOf(purges)).size, 40)
})

test('a purge that fails is told to those it was for, and to nobody else', async (t) => {
  const { trims, purges } = setUp()
  const failing = trims.trim(id(1), at(10))
  const next = trims.trim(id(1), at(20))
  const other = trims.trim(id(2), at(10))
  purges[0]!.end.reject(new Error('no server'))
  await t.throwsAsync(failing, { message: 'no server' })
  for (const { end } of purges) end.resolve()
  await Promise.all([next, other])
  t.deepEqual(whatOf(purges), ['1 to 10', '2 to 10', '1 to 20'])
})

function setUp(): { trims: JetStreamTrims; purges: Purge[] } {
  const purges: Purge[] = []
  const trims = new JetStreamTrims((partition, upTo) => {
    const end = Promise.withResolvers<void>()
    purges.push({ what: `${partition} to ${upTo}`, end })
    return end.promise
  })
  return { trims, purges }
}

function whatOf(purges: readonly Purge[]): string[] {
  return purges.map(({ what }) => what)
}

function id(partition: number): PartitionId {
  return partition as PartitionId
}

function at(position: number): LogPosition {
  return position as LogPosition
}
