/**
 * What one node exports, another takes in as it was, whatever its links have been through; and to
 * take it in again changes nothing.
 */
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { toEpochMs } from '../links/ids.ts'
import { QUERY_FORWARDINGS, REDIRECT_STATUSES } from '../links/link.ts'
import { Ring } from '../links/ring.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { call, startNode } from '../test/node.ts'
import { API_KEY } from '../test/program.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { ApiClient } from './api-client.ts'
import { BulkSender } from './bulk-sender.ts'
import { exportedLinks, type ExportedLink } from './exported-links.ts'
import type { LinkInput } from './link-input.ts'
import { readLinks } from './link-reader.ts'
import { fileHead, linkRows } from './link-writer.ts'

const BEGUN = Date.parse('2030-01-01T00:00:00Z')
const clock = { now: () => 0, sleep: () => Promise.resolve() }

async function start(t: ExecutionContext, now: () => number): Promise<Tinygrid> {
  const store = new MemoryLinkStore(new Ring(256))
  return startNode(t, { log: new MemoryLog(), store, now: () => toEpochMs(now()) })
}

async function exported(node: Tinygrid): Promise<ExportedLink[]> {
  const client = new ApiClient(new URL(node.url!), API_KEY)
  const links: ExportedLink[] = []
  for await (const batch of exportedLinks(client, clock.sleep, () => {})) links.push(...batch)
  return links.toSorted((a, b) => a.code.localeCompare(b.code))
}

/** Sends what a file says; the statuses of its links. */
async function imported(node: Tinygrid, format: 'csv' | 'ndjson', text: string): Promise<number[]> {
  const client = new ApiClient(new URL(node.url!), API_KEY)
  const links: LinkInput[] = []
  const pieces = (async function* () {
    yield await Promise.resolve(text)
  })()
  for await (const { content } of readLinks(format, pieces, { ignored: new Set() })) {
    if ('failure' in content) throw new Error(content.failure.detail)
    links.push(content.link)
  }
  const outcomes = links.length === 0 ? [] : await new BulkSender(client, clock).send(links, 0)
  return outcomes.map(({ status }) => status)
}

const withoutPlace = (links: readonly ExportedLink[]) =>
  links.map(({ shortUrl: _shortUrl, ...link }) => link)

const word = fc.string({ unit: fc.constantFrom('=', "'", ',', ';', '"', '[', 'ü', '€', '😀', 'a') })
const text = word.map((one) => `${one}x`)
const deed = fc.oneof(
  fc.constantFrom('visit', 'visit', 'delete', 'restore', 'purge', 'expire', 'wait'),
  fc.record({ title: text }),
)
const RULES = [
  [{ devices: ['ios'], url: 'https://example.com/"app";' }],
  [
    {
      languages: ['de', 'pt-br'],
      countries: ['DE'],
      from: '2029-01-01T00:00:00.000Z',
      url: 'https://example.com/',
    },
    {
      to: '2031-01-01T00:00:00.000Z',
      targets: [
        { url: 'https://example.com/a,b', weight: 1 },
        { url: "https://example.com/'c", weight: 9 },
      ],
    },
  ],
]

const life = fc.record({
  path: fc.webPath(),
  code: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/), { nil: undefined }),
  title: fc.option(text, { nil: null }),
  tags: fc.uniqueArray(text, { maxLength: 3 }),
  maxVisits: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
  isExpiring: fc.boolean(),
  redirectStatus: fc.option(fc.constantFrom(...REDIRECT_STATUSES), { nil: null }),
  forwardQuery: fc.option(fc.constantFrom(...QUERY_FORWARDINGS), { nil: null }),
  expiredUrl: fc.option(fc.webUrl(), { nil: null }),
  rules: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...RULES) },
  ),
  /** Seldom: to hash one takes long. */
  password: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('sesame') },
  ),
  opensAfterMs: fc.option(fc.integer({ min: -50_000, max: 50_000 }), { nil: null }),
  deeds: fc.array(deed, { maxLength: 6 }),
})

type Life = typeof life extends fc.Arbitrary<infer T> ? T : never
const time = { ms: BEGUN }

/** A link that is made and then treated as the life says; a code that is taken is left alone. */
async function live(
  node: Tinygrid,
  { path, code, deeds, isExpiring, opensAfterMs, ...settings }: Life,
  n: number,
) {
  const expiresAt = isExpiring ? new Date(time.ms + 60_000).toISOString() : null
  const alias = code === undefined ? {} : { code: `${code}${n}`.slice(0, 8) }
  const validFrom = opensAfterMs === null ? null : new Date(time.ms + opensAfterMs).toISOString()
  const limits = { expiresAt, validFrom }
  const json = { url: `https://example.com${path}`, ...alias, ...settings, ...limits }
  const made = await call(node, '/api/links', { method: 'POST', json })
  if (made.status !== 201) return
  const route = `/api/links/${made.body.code}`
  const patch = (changes: object) => call(node, route, { method: 'PATCH', json: changes })
  for (const one of deeds) {
    if (typeof one === 'object') await patch(one)
    else if (one === 'visit') await call(node, `/${made.body.code}`)
    else if (one === 'delete') await call(node, route, { method: 'DELETE' })
    else if (one === 'purge') await call(node, `${route}?purge=true`, { method: 'DELETE' })
    else if (one === 'restore') await call(node, `${route}/restore`, { method: 'POST' })
    else if (one === 'expire') await patch({ expiresAt: new Date(time.ms - 1).toISOString() })
    else time.ms += 20_000
  }
}

test('an export that is imported elsewhere is equal there, and imported again changes nothing', async (t) => {
  const first = await start(t, () => time.ms)
  let n = 0
  const seen = { deleted: 0, expired: 0, usedUp: 0, scheduled: 0, ruled: 0, protected: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 10, maxLength: 20 }), async (lives) => {
      await Promise.all(lives.map((one) => live(first, one, n++)))
      const links = await exported(first)
      for (const format of ['csv', 'ndjson'] as const) {
        const file = fileHead(format) + linkRows(format, links)
        const second = await start(t, () => time.ms)
        t.true((await imported(second, format, file)).every((status) => status === 201))
        t.deepEqual(withoutPlace(await exported(second)), withoutPlace(links))
        t.true((await imported(second, format, file)).every((status) => status === 200))
        t.deepEqual(withoutPlace(await exported(second)), withoutPlace(links))
        t.true((await imported(first, format, file)).every((status) => status === 200))
        await second.close()
      }
      t.deepEqual(await exported(first), links)
      for (const link of links) {
        if (link.state === 'deleted') seen.deleted++
        if (link.expiresAt !== null && Date.parse(link.expiresAt) <= time.ms) seen.expired++
        if (link.maxVisits !== null && link.visits === link.maxVisits) seen.usedUp++
        if (link.rules != null) seen.ruled++
        if (link.passwordHash != null) seen.protected++
        if (link.validFrom != null && Date.parse(String(link.validFrom)) > time.ms) seen.scheduled++
      }
    }),
    { numRuns: 6, seed: 7, endOnFailure: true },
  )
  t.true(
    Object.values(seen).every((count) => count > 0),
    JSON.stringify(seen),
  )
})

test('what was taken in keeps its code: visitors get what they got, and nobody else gets the code', async (t) => {
  const node = await start(t, () => time.ms)
  const past = {
    createdAt: '2020-01-01T00:00:00Z',
    state: 'deleted',
    code: 'gone',
    url: 'https://example.com/gone',
  }
  const spent = { ...past, state: 'live', code: 'spent', maxVisits: 2, visits: 2 }
  const late = { ...past, state: 'live', code: 'late', expiresAt: '2020-01-02T00:00:00Z' }
  const lines = [past, spent, late].map((link) => JSON.stringify(link)).join('\n')
  t.deepEqual(await imported(node, 'ndjson', lines), [201, 201, 201])
  for (const code of ['gone', 'spent', 'late']) {
    t.is((await call(node, `/${code}`)).status, 410)
    const json = { url: 'https://example.com/other', code }
    t.is((await call(node, '/api/links', { method: 'POST', json })).status, 409)
    const other = JSON.stringify({ ...past, code, url: json.url })
    t.deepEqual(await imported(node, 'ndjson', other), [409])
  }
})
