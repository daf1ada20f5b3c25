import test from 'ava'
import { TinygridError } from './errors.ts'
import { currentMark } from './request-mark.ts'
import {
  beginFor,
  parseTraceparent,
  traceInto,
  tracedFor,
  tracedRoot,
  type SpanOptions,
  type SpanSink,
} from './tracing.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const OWN = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01'

interface Kept extends SpanOptions {
  readonly name: string
  ended?: unknown
}

/** Samples every span, or none. */
function keepSpans(t: { teardown: (end: () => void) => void }, isSampled = true): Kept[] {
  const kept: Kept[] = []
  const sink: SpanSink = {
    begin: (name, options) => {
      const span: Kept = { name, ...options }
      kept.push(span)
      const end = (error?: unknown) => (span.ended = error ?? 'well')
      return isSampled ? { traceparent: OWN, set: () => {}, end } : undefined
    },
  }
  traceInto(sink)
  t.teardown(() => traceInto(undefined))
  return kept
}

test.serial('a parent is read as the standard writes it, and nothing else is', (t) => {
  t.deepEqual(parseTraceparent(PARENT), {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    isSampled: true,
  })
  t.false(parseTraceparent(PARENT.replace(/01$/, '00'))!.isSampled)
  for (const text of [
    undefined,
    '',
    'ff' + PARENT.slice(2),
    PARENT.toUpperCase(),
    PARENT + '-more',
    PARENT.slice(1),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  ])
    t.is(parseTraceparent(text), undefined, text)
})

test.serial('without a sink work is done as it is', async (t) => {
  t.is(await tracedRoot('a', {}, async () => 1), 1)
  t.is(
    tracedFor({ id: 'x', trace: PARENT }, 'a', {}, () => currentMark()?.trace),
    PARENT,
  )
})

test.serial('what is done for a request is in its trace, and below its span', async (t) => {
  const spans = keepSpans(t)
  const mark = { id: 'x', trace: PARENT }
  const seen = await tracedFor(mark, 'outer', { kind: 'server' }, async () => currentMark())
  t.deepEqual(seen, { id: 'x', trace: OWN })
  t.like(spans[0], { name: 'outer', kind: 'server', parent: PARENT, ended: 'well' })
})

test.serial('a request that is not traced has no span, nor has what is done for it', (t) => {
  const spans = keepSpans(t)
  t.is(beginFor({ id: 'x' }, 'a', {}), undefined)
  t.is(beginFor(undefined, 'a', {}), undefined)
  t.is(
    tracedFor({ id: 'x' }, 'a', {}, () => currentMark()?.id),
    'x',
  )
  t.deepEqual(spans, [])
})

test.serial('a failure is the span’s and the caller’s', async (t) => {
  const spans = keepSpans(t)
  const error = new TinygridError('store_unavailable')
  await t.throwsAsync(
    tracedRoot('flush', {}, () => Promise.reject(error)),
    { is: error },
  )
  t.throws(
    () =>
      tracedFor({ trace: PARENT }, 'a', {}, () => {
        throw error
      }),
    { is: error },
  )
  t.deepEqual(
    spans.map(({ ended }) => ended),
    [error, error],
  )
})

test.serial('what is not sampled is done all the same', async (t) => {
  keepSpans(t, false)
  t.is(await tracedRoot('a', {}, async () => 1), 1)
})
