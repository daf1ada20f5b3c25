/** The routes of webhooks and reports: what they let through, and how they show what comes back. */
import test from 'ava'
import { Compile } from 'typebox/schema'
import { remoteDesks, type DeskCall } from '../../clicks/hooks/hook-desks.ts'
import { newWebhook } from '../../clicks/hooks/webhook.ts'
import { newReport } from '../../clicks/reports/report.ts'
import { TinygridError } from '../../links/errors.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { NOW, startGateway } from '../testing/test-gateway.ts'
import { reportListSchema, resultSchema } from './report-schemas.ts'
import { madeWebhookSchema, webhookListSchema } from './webhook-schemas.ts'

const WEBHOOK = newWebhook({ url: 'https://a.example/', events: ['click'] }, NOW)
const REPORT = newReport({ name: 'A', period: 'day', groupBy: ['country'] }, NOW)
const COUNTS = { clicks: 1, humans: 1, bots: 0, visitors: 1 }
const ANSWERS: Readonly<Record<string, unknown>> = {
  'webhooks.list': [sampleStatus()],
  'webhooks.add': WEBHOOK,
  'webhooks.change': sampleStatus(),
  'webhooks.test': { kind: 'failed', reason: 'no answer' },
  'webhooks.letters': [{ messageId: 'm', at: NOW, attempts: 3, reason: 'x', span: {} }],
  'webhooks.retry': { delivered: 1, failed: 0 },
  'reports.list': [{ ...REPORT, sentTo: NOW, lastFailure: { at: NOW, reason: 'x' } }],
  'reports.add': { ...REPORT, sentTo: null, lastFailure: null },
  'reports.parquet': Buffer.from('PAR1'),
  'reports.result': {
    report: REPORT,
    from: NOW,
    to: NOW,
    answer: { totals: COUNTS, series: [], groups: [{ values: ['=x'], ...COUNTS }], other: null },
  },
}

test('webhooks are made, shown without their secret, changed and removed', async (t) => {
  const { call, calls } = await start(t)
  const made = await call('POST', '/api/webhooks', { url: 'https://a.example/', events: ['click'] })
  t.is(made.status, 201)
  t.is(made.headers['location'], `/api/webhooks/${WEBHOOK.id}`)
  t.deepEqual(Compile(madeWebhookSchema).Errors(JSON.parse(made.text))[1], [])
  const listed = await call('GET', '/api/webhooks')
  t.deepEqual(Compile(webhookListSchema).Errors(JSON.parse(listed.text))[1], [])
  t.false(listed.text.includes(WEBHOOK.secret))
  t.is((await call('PATCH', `/api/webhooks/${WEBHOOK.id}`, { isEnabled: false })).status, 200)
  t.is((await call('DELETE', `/api/webhooks/${WEBHOOK.id}`)).status, 204)
  t.deepEqual(
    calls.map(([desk, method]) => `${desk}.${method}`),
    ['webhooks.add', 'webhooks.list', 'webhooks.change', 'webhooks.remove'],
  )
})

test('a webhook is tried, and what it could not tell is shown and sent again', async (t) => {
  const { call } = await start(t)
  const one = `/api/webhooks/${WEBHOOK.id}`
  t.like(JSON.parse((await call('POST', `${one}/test`)).text), { kind: 'failed' })
  const { letters } = JSON.parse((await call('GET', `${one}/letters`)).text)
  t.deepEqual(letters, [
    { messageId: 'm', at: '2030-01-01T00:00:00.000Z', attempts: 3, reason: 'x' },
  ])
  t.deepEqual(JSON.parse((await call('POST', `${one}/retry`)).text), { delivered: 1, failed: 0 })
})

test('reports are saved, listed and answered, also as CSV and Parquet', async (t) => {
  const { call, calls } = await start(t)
  t.is((await call('POST', '/api/reports', { name: 'A', period: 'day' })).status, 201)
  const listed = await call('GET', '/api/reports')
  t.deepEqual(Compile(reportListSchema).Errors(JSON.parse(listed.text))[1], [])
  const result = await call('GET', `/api/reports/${REPORT.id}/result?at=2029-12-31T00:00:00Z`)
  t.deepEqual(Compile(resultSchema).Errors(JSON.parse(result.text))[1], [])
  t.deepEqual(calls.at(-1), ['reports', 'result', [REPORT.id, Date.parse('2029-12-31')]])
  const csv = await call('GET', `/api/reports/${REPORT.id}/result?format=csv`)
  t.regex(csv.headers['content-type']!, /^text\/csv/)
  t.is(csv.text.split('\r\n')[1], "'=x,1,1,0,1")
  const file = await call('GET', `/api/reports/${REPORT.id}/result?format=parquet`)
  t.is(file.headers['content-type'], 'application/vnd.apache.parquet')
  t.is(file.headers['content-disposition'], `attachment; filename="${REPORT.id}.parquet"`)
  t.is(file.text, 'PAR1')
})

test('bad input names its field', async (t) => {
  const { call } = await start(t)
  const cases = [
    ['POST', '/api/webhooks', { events: ['click'] }, 'url'],
    ['POST', '/api/webhooks', { url: 'https://a.example/', events: ['x'] }, 'events[0]'],
    ['POST', '/api/webhooks', { url: 'https://a.example/', events: ['click'], x: 1 }, 'x'],
    ['POST', '/api/reports', { name: 'A', period: 'year' }, 'period'],
    ['POST', '/api/reports', { name: 'A', period: 'day', schedule: { to: 'x' } }, 'schedule'],
    ['GET', `/api/reports/${REPORT.id}/result?at=yesterday`, undefined, 'at'],
    ['GET', `/api/reports/${REPORT.id}/result?format=pdf`, undefined, 'format'],
  ] as const
  for (const [method, path, body, field] of cases) {
    const { status, json } = await call(method, path, body)
    t.is(status, 400, path)
    t.true(json.field?.startsWith(field), `${path}: ${json.field}`)
  }
})

test('what the process refuses is told as it says, and without a process it is 503', async (t) => {
  const { call } = await start(t, () => {
    throw new TinygridError('not_found', { detail: 'There is no such webhook' })
  })
  t.is((await call('DELETE', `/api/webhooks/${WEBHOOK.id}`)).status, 404)
  const { call: alone } = await startGateway(t)
  t.is((await alone('GET', '/api/webhooks')).json.code, 'analytics_unavailable')
})

function sampleStatus() {
  const { secret: _secret, ...shown } = WEBHOOK
  const attempts = { delivered: 1, failed: 2, lastDeliveredAt: NOW, lastFailure: null }
  return { ...shown, ...attempts, lag: 0, lost: 0, letters: 0 }
}

async function start(t: Parameters<typeof startGateway>[0], refuse = () => {}) {
  const calls: DeskCall[] = []
  const desks = remoteDesks(async (call) => {
    refuse()
    calls.push(call)
    return ANSWERS[`${call[0]}.${call[1]}`]
  })
  const { call } = await startGateway(t, {}, freeWork(), { desks })
  return { call, calls }
}
