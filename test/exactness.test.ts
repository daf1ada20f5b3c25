import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

const CONCURRENT = 1000

function countOf(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status } = await response.then(async (r) => (await r.arrayBuffer(), r))
  return status
}

test('1,000 visits at once to a link with 100 visits give exactly 100 redirects', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await Program.start({ dataDir })
  t.teardown(() => program.kill())
  await program.create({ url: 'https://example.org/', code: 'hundred', maxVisits: 100 })

  const visits = Array.from({ length: CONCURRENT }, () => statusOf(program.visit('hundred')))
  t.deepEqual(countOf(await Promise.all(visits)), { 302: 100, 410: CONCURRENT - 100 })

  await program.kill()
  const again = await Program.start({ dataDir })
  t.teardown(() => again.kill())
  t.is(await statusOf(again.visit('hundred')), 410)
  const link = (await (await again.api('/api/links/hundred')).json()) as { visits: number }
  t.is(link.visits, 100)
})

test('a visit by HEAD or a preview is not counted', async (t) => {
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(() => program.kill())
  await program.create({ url: 'https://example.org/', code: 'once', maxVisits: 1 })
  const head = await fetch(`${program.url}/once`, { method: 'HEAD', redirect: 'manual' })
  t.is(head.status, 302)
  t.is(await statusOf(program.visit('once+')), 200)
  t.is(await statusOf(program.visit('once')), 302)
  t.is(await statusOf(program.visit('once')), 410)
})

test('1,000 creates of one alias at once give one link', async (t) => {
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(() => program.kill())
  const creates = Array.from({ length: CONCURRENT }, (_, index) =>
    statusOf(program.create({ url: `https://example.org/${index}`, code: 'mine' })),
  )
  t.deepEqual(countOf(await Promise.all(creates)), { 201: 1, 409: CONCURRENT - 1 })
})

test('1,000 creates of one URL at once give one link, and all are told its code', async (t) => {
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(() => program.kill())
  const creates = Array.from({ length: CONCURRENT }, async () => {
    const response = await program.create({ url: 'https://example.org/same' })
    return { status: response.status, code: ((await response.json()) as { code: string }).code }
  })
  const answers = await Promise.all(creates)
  t.deepEqual(countOf(answers.map(({ status }) => status)), { 200: CONCURRENT - 1, 201: 1 })
  t.is(new Set(answers.map(({ code }) => code)).size, 1)
})
