/** Webhooks and reports as the real analytics process runs them, asked through its node. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../test/deadline.ts'
import { signedHeaders } from '../hooks/webhook-signature.ts'
import { sampleClick } from '../testing/sample-batches.ts'
import { AnalyticsWorld } from './testing/analytics-world.ts'

const PATIENCE_MS = 60_000

test.serial(
  'clicks and thresholds are told, signed; a killed process goes on telling',
  async (t) => {
    const world = new AnalyticsWorld()
    t.teardown(() => world.end())
    const receiver = await startReceiver(t)
    const supervisor = await world.start()
    await untilAnswered(() => supervisor.desks.webhooks.list())
    const { id, secret } = await supervisor.desks.webhooks.add({
      url: receiver.url,
      events: ['click', 'threshold'],
      thresholds: [4],
    })
    await world.append(3)
    await until('three clicks are told', PATIENCE_MS, () => receiver.types().length === 3)
    world.kill()
    await world.append(2)
    await until('the others are told', PATIENCE_MS, () => receiver.types().length >= 6)
    t.deepEqual(receiver.types().sort(), [...Array(5).fill('click'), 'threshold'])
    for (const { headers, body } of receiver.messages) {
      const seconds = Number(headers['webhook-timestamp'])
      const expected = signedHeaders(secret, String(headers['webhook-id']), seconds, body)
      t.is(headers['webhook-signature'], expected['webhook-signature'])
    }
    const [status] = await untilAnswered(() => supervisor.desks.webhooks.list())
    t.like(status, { id, url: receiver.url, letters: 0 })
    t.false('secret' in status!)
  },
)

test.serial(
  'what is wrong is told with its field; what is there survives the process',
  async (t) => {
    const world = new AnalyticsWorld()
    t.teardown(() => world.end())
    const { desks } = await world.start()
    await untilAnswered(() => desks.reports.list())
    const wrong = desks.webhooks.add({ url: 'ftp://x', events: ['click'] })
    await t.throwsAsync(wrong, { code: 'invalid_field', message: /http/ })
    t.is(((await wrong.catch((error: unknown) => error)) as { field?: string }).field, 'url')
    await t.throwsAsync(desks.reports.result('nonesuch', 0 as never), { code: 'not_found' })
    const { id } = await desks.reports.add({ name: 'By tag', period: 'day', groupBy: ['tag'] })
    world.kill()
    const [report] = await untilAnswered(() => desks.reports.list())
    t.like(report, { id, name: 'By tag' })
    world.tags.set('spring', [sampleClick().code])
    const at = (Date.now() + 2 * 86_400_000) as never
    const { answer } = await untilAnswered(() => desks.reports.result(id, at))
    t.deepEqual(answer.groups, [])
    const file = await untilAnswered(() => desks.reports.parquet(id, at))
    t.is(Buffer.from(file).subarray(0, 4).toString(), 'PAR1')
  },
)

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  let answer: T | undefined
  await until('the process answers', PATIENCE_MS, async () => {
    answer = await ask().catch(() => undefined)
    return answer !== undefined
  })
  return answer!
}

async function startReceiver(t: ExecutionContext) {
  const messages: { headers: http.IncomingHttpHeaders; body: string }[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      messages.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => server.close())
  const types = () => {
    const seen = new Map<string, string[]>()
    for (const { headers, body } of messages) {
      const { events } = JSON.parse(body) as { events: { type: string }[] }
      // Told twice it has one id.
      seen.set(
        String(headers['webhook-id']),
        events.map(({ type }) => type),
      )
    }
    return [...seen.values()].flat()
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, messages, types }
}
