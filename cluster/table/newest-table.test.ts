import test from 'ava'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { NewestTable, TABLE_KEY } from './newest-table.ts'
import { Table } from './table.ts'
import { textOfTable } from './table-text.ts'

const [A, B] = ['a', 'b'] as [NodeId, NodeId]

const rowOf = (epoch: number) => ({ owner: A, epoch: epoch as Epoch, target: B })

function tableOf(version: number, ...epochs: number[]): Table {
  return new Table(epochs.map(rowOf), version)
}

const entry = (value: string | undefined, revision: number) => ({ key: TABLE_KEY, value, revision })

/** Two partitions, in epochs 3 and 5, seen at revision 10. */
function known() {
  const refused: string[] = []
  const tables = new NewestTable(2, (why) => refused.push(why))
  tables.observe(entry(textOfTable(tableOf(7, 3, 5)), 10), 0)
  return { tables, refused }
}

const good = JSON.parse(textOfTable(tableOf(8, 3, 6))) as Record<string, unknown>
const changed = (fields: object) => JSON.stringify({ ...good, ...fields })
const NO_TABLES: readonly string[] = [
  '',
  'null',
  '7',
  '[]',
  '{"rows":',
  '{}',
  changed({ format: 0 }),
  changed({ version: -1 }),
  changed({ nodes: 'ab' }),
  changed({ nodes: ['a', 'b c'] }),
  changed({ rows: null }),
  changed({ rows: [] }),
  changed({ rows: [[0, 3, 1]] }),
  changed({ rows: [[0, 3, 1], null] }),
  changed({
    rows: [
      [0, 3, 1],
      [0, 6],
    ],
  }),
  changed({
    rows: [
      [0, 3, 1],
      [2, 6, 1],
    ],
  }),
  changed({
    rows: [
      [0, 3, 1],
      [-2, 6, 1],
    ],
  }),
  changed({
    rows: [
      [0, 3, 1],
      [0, 0.5, 1],
    ],
  }),
  changed({
    rows: [
      [0, 3, 1],
      [0, 4, 1],
    ],
  }),
]

test('a table that goes on from the one known is believed', (t) => {
  const { tables, refused } = known()
  tables.observe(entry(JSON.stringify(good), 11), 0)
  t.is(tables.table.version, 8)
  t.is(tables.revision, 11)
  t.deepEqual(tables.table.rows, tableOf(8, 3, 6).rows)
  t.deepEqual(refused, [])
})

test('anything else is refused, the last good one stays, and is what should be there', (t) => {
  for (const value of NO_TABLES) {
    const { tables, refused } = known()
    tables.observe(entry(value, 11), 0)
    t.is(refused.length, 1, value)
    t.deepEqual(tables.table.rows, tableOf(7, 3, 5).rows, value)
    t.is(tables.refused?.revision, 11, value)
    const mended = tables.mended()
    t.true(mended.version > 7, value)
    t.deepEqual(mended.rows, tableOf(7, 3, 5).rows, value)
    tables.see(mended, 12)
    t.is(tables.refused, undefined, value)
  }
})

test('a table that a newer program wrote is refused, and told apart from nonsense', (t) => {
  const { tables } = known()
  tables.observe(entry(changed({ format: 3 }), 11), 0)
  t.true(tables.refused?.isNewer)
  tables.observe(entry('null', 12), 0)
  t.false(tables.refused?.isNewer)
})

test('of a table of another branch each row counts that has the higher epoch', (t) => {
  const { tables } = known()
  tables.observe(entry(textOfTable(tableOf(20, 9, 4)), 11), 0)
  const mended = tables.mended()
  t.is(mended.version, 21)
  t.deepEqual(
    mended.rows.map(({ epoch }) => epoch as number),
    [9, 5],
  )
})

test('late news is passed over, and so is what was known already', (t) => {
  const { tables, refused } = known()
  tables.observe(entry(textOfTable(tableOf(6, 3, 4)), 9), 0)
  tables.observe(entry(textOfTable(tableOf(7, 3, 5)), 10), 0)
  tables.observe(entry('null', 9), 0)
  t.is(tables.table.version, 7)
  t.deepEqual(refused, [])
})

test('a key that is gone is missed, unless there never was one', (t) => {
  const { tables, refused } = known()
  tables.observe(entry(undefined, 11), 5)
  t.deepEqual(refused, ['it is gone'])
  t.is(tables.refused?.since, 5)
  const fresh = new NewestTable(2, (why) => refused.push(why))
  fresh.observe(entry(undefined, 11), 0)
  fresh.observeRead(undefined, 0, 0)
  t.is(fresh.refused, undefined)
})

test('a read tells what the watch cannot: that the bucket went back', (t) => {
  const { tables } = known()
  tables.observeRead(entry(textOfTable(tableOf(6, 3, 4)), 9), 10, 0)
  t.is(tables.refused?.revision, 9)
  t.deepEqual(tables.mended().rows, tableOf(8, 3, 5).rows)
  // Another one put it right there.
  tables.observe(entry(textOfTable(tableOf(8, 3, 5)), 10), 0)
  t.is(tables.refused, undefined)
  t.is(tables.table.version, 8)
})

test('a read that was overtaken by the watch tells nothing', (t) => {
  const { tables, refused } = known()
  tables.observe(entry(textOfTable(tableOf(8, 3, 6)), 11), 0)
  tables.observeRead(entry(textOfTable(tableOf(7, 3, 5)), 10), 10, 0)
  tables.observeRead(undefined, 10, 0)
  t.deepEqual(refused, [])
})
