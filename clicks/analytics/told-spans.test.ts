import test from 'ava'
import { traceInto, tracedRoot } from '../../links/tracing.ts'
import { takeSpan, tellingSink, type ToldSpan } from './told-spans.ts'

test.serial('a span of the process is the node’s, with its times and how it ended', async (t) => {
  const told: ToldSpan[] = []
  let time = 1_000
  traceInto(
    tellingSink(
      (span) => told.push(span),
      () => time++,
    ),
  )
  t.teardown(() => traceInto(undefined))
  await tracedRoot('analytics.batch', { 'tinygrid.clicks': 3 }, async () => {})
  await t.throwsAsync(
    tracedRoot('analytics.batch', {}, async () => {
      throw new RangeError('full')
    }),
  )
  const taken: unknown[] = []
  traceInto({
    begin: (name, options) => ({
      traceparent: '',
      set: () => {},
      end: (error, endedAt) => taken.push([name, options, error !== undefined, endedAt]),
    }),
  })
  for (const span of told) takeSpan(structuredClone(span))
  t.deepEqual(taken, [
    ['analytics.batch', { attributes: { 'tinygrid.clicks': 3 }, startedAt: 1_000 }, false, 1_001],
    ['analytics.batch', { attributes: {}, startedAt: 1_002 }, true, 1_003],
  ])
})

test.serial('one that nobody wants is gone', (t) => {
  t.notThrows(() =>
    takeSpan({ name: 'a', attributes: {}, startedAt: 1, endedAt: 2, hasFailed: false }),
  )
})
