import test from 'ava'
import fc from 'fast-check'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { Malformed } from '../stored-value.ts'
import { Table } from './table.ts'
import { isPacked, parseTable, textOfTable } from './table-text.ts'

/** With as many rows, names and moves as the numbers say. */
function tableOf(partitions: number, nodes: number, epochAt: (row: number) => number): Table {
  const nodeAt = (place: number) => `tinygrid-${place % nodes}` as NodeId
  const rows = Array.from({ length: partitions }, (_, row) => ({
    owner: row % 97 === 96 ? null : nodeAt(row * 31),
    epoch: epochAt(row) as Epoch,
    target: row % 89 === 88 ? nodeAt(row) : null,
  }))
  return new Table(rows, 7)
}

const LARGE = tableOf(4096, 100, (row) => 1 + ((row * 7919) % 12))

test('whatever is in a table, both forms give it back', (t) => {
  const anyEpoch = fc.oneof(
    fc.nat(300),
    fc.maxSafeNat().map((number) => number % 2 ** 48),
  )
  const anyEpochs = fc.array(anyEpoch, { minLength: 1, maxLength: 20 })
  const property = fc.property(anyEpochs, fc.integer({ min: 1, max: 300 }), (epochs, nodes) => {
    const table = tableOf(512, nodes, (row) => epochs[row % epochs.length]!)
    const [plain, packed] = [textOfTable(table), textOfTable(table, true)]
    t.deepEqual([isPacked(plain), isPacked(packed)], [false, true])
    for (const text of [plain, packed]) t.deepEqual(parseTable(text, 512), table)
  })
  fc.assert(property, { numRuns: 100 })
})

test('of 100 nodes and 4,096 partitions it takes a fifth of the bytes', (t) => {
  t.true(textOfTable(LARGE).length > 40_000)
  t.true(textOfTable(LARGE, true).length < 9_500, `${textOfTable(LARGE, true).length}`)
})

test('a small one stays readable', (t) => {
  const table = tableOf(256, 10, () => 3)
  t.is(textOfTable(table, true), textOfTable(table))
})

test('what is no packed table is refused, however much it would unpack to', (t) => {
  const good = JSON.parse(textOfTable(LARGE, true)) as { readonly rows: string }
  const changed = [
    { rows: '' },
    { rows: 'AAAA' },
    { rows: good.rows.slice(0, -40) },
    { rows: 'zz'.repeat(500) },
    // Ten million zeros.
    { rows: '7cEBDQAAAMKg909tDjegAAAAAAAAAAAAAAAA' },
    { nodes: [] },
    { version: -1 },
    { format: 3 },
  ]
  for (const change of changed) {
    const text = JSON.stringify({ ...good, ...change })
    t.throws(() => parseTable(text, 4096), { instanceOf: Malformed }, text.slice(0, 60))
  }
  t.throws(() => parseTable(JSON.stringify(good), 2048), { instanceOf: Malformed })
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const rows = Buffer.from(bytes).toString('base64')
    const text = JSON.stringify({ ...good, rows })
    t.throws(() => parseTable(text, 4096), { instanceOf: Malformed })
  })
  fc.assert(property, { numRuns: 200 })
})
