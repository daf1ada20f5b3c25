import test from 'ava'
import { parseNodeReport } from './node-report.ts'
import type { NodeReport } from './cluster-status.ts'

const own = {
  url: 'http://localhost:3000',
  numbers: { version: '1.0.0', ready: true, dirtyLinks: 3 },
  analytics: {
    store: 'duckdb',
    isAnswering: true,
    position: 7,
    lag: 1,
    stored: 20,
    lost: 0,
    bytes: null,
    lastError: 'the disk is full',
  },
  handingOver: [1, 2],
  handedOver: [{ partition: 3, to: 'b', waitMs: 2.5, at: 7 }],
} as unknown as NodeReport

test('a report like one’s own is taken, what a newer node adds is left out', (t) => {
  const newer = { ...own, more: 1, numbers: { ...own.numbers, more: 1 } }
  t.deepEqual(parseNodeReport(newer, own), own)
  const { analytics: _analytics, ...older } = own
  t.is(parseNodeReport(older, own).analytics, null)
})

test('anything else is refused', (t) => {
  const numbers = (changed: object) => ({ ...own, numbers: { ...own.numbers, ...changed } })
  const wrong: unknown[] = [
    null,
    7,
    [],
    {},
    { ...own, url: 7 },
    { ...own, url: 'x'.repeat(5_000) },
    { ...own, numbers: null },
    numbers({ version: 1 }),
    numbers({ ready: 'yes' }),
    numbers({ dirtyLinks: null }),
    numbers({ dirtyLinks: '3' }),
    { ...own, analytics: { ...own.analytics, store: 'sqlite' } },
    { ...own, analytics: { ...own.analytics, lag: -1 } },
    { ...own, analytics: { ...own.analytics, lastError: 7 } },
    { ...own, handingOver: null },
    { ...own, handingOver: ['1'] },
    { ...own, handingOver: Array.from({ length: 5_000 }, () => 1) },
    { ...own, handedOver: [null] },
    { ...own, handedOver: [{ partition: 3, to: 'a b', waitMs: 0, at: 0 }] },
  ]
  for (const value of wrong) {
    t.throws(() => parseNodeReport(value, own), { name: 'Malformed' }, JSON.stringify(value))
  }
})
