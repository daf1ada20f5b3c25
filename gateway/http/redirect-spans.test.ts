import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { traceInto, type SpanOptions } from '../../links/tracing.ts'
import { RedirectSpans } from './redirect-spans.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const NOW = 1_000_000 as EpochMs
const HEAD = ` HTTP/1.1\r\nHost: a\r\nTraceParent: ${PARENT}\r\nAccept: */*\r\n\r\n`
const PLAIN = ' HTTP/1.1\r\nHost: a\r\nx-traceparent: no\r\n\r\n'

function open(t: { teardown: (end: () => void) => void }, perSecondMax?: number) {
  const begun: SpanOptions[] = []
  const span = { traceparent: PARENT, set: () => {}, end: () => {} }
  traceInto({
    begin: (_name, options) => {
      begun.push(options)
      return span
    },
  })
  t.teardown(() => traceInto(undefined))
  return { begun, spans: RedirectSpans.open(perSecondMax)! }
}

test.serial('there are none where nothing is traced', (t) => {
  t.is(RedirectSpans.open(), undefined)
})

test.serial('a redirect is in the trace that its client names', (t) => {
  const { begun, spans } = open(t)
  spans.ofHead(HEAD, NOW)
  spans.ofHead(HEAD, NOW)
  spans.ofHead(PLAIN, NOW)
  spans.ofHeaders(['Host', 'a', 'Traceparent', PARENT], NOW)
  spans.ofHeaders(['Host', 'a'], NOW)
  t.deepEqual(
    begun.map(({ parent }) => parent),
    [PARENT, PARENT, undefined, PARENT, undefined],
  )
})

test.serial('however many clients wish for, there are few in a second', (t) => {
  const { begun, spans } = open(t, 3)
  for (let made = 0; made < 100; made++) spans.ofHead(HEAD, NOW)
  t.is(begun.length, 3)
  t.is(spans.ofHeaders(['traceparent', PARENT], (NOW + 999) as EpochMs), undefined)
  t.truthy(spans.ofHead(PLAIN, (NOW + 1_000) as EpochMs))
  t.is(begun.length, 4)
})
