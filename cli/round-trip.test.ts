/**
 * What one node exports, another takes in as it was, whatever its links have been through; and to
 * take it in again changes nothing.
 */
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { toEpochMs } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { BEGUN, life, live, type Time } from '../test/link-lives.ts'
import { call, startNode } from '../test/node.ts'
import { API_KEY } from '../test/program.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { ApiClient } from './api-client.ts'
import { BulkSender } from './bulk-sender.ts'
import { exportedLinks, type ExportedLink } from './exported-links.ts'
import type { LinkInput } from './link-input.ts'
import { readLinks } from './link-reader.ts'
import { fileHead, linkRows } from './link-writer.ts'

const time: Time = { ms: BEGUN }
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

test('an export that is imported elsewhere is equal there, and imported again changes nothing', async (t) => {
  const first = await start(t, () => time.ms)
  let n = 0
  const seen = { deleted: 0, expired: 0, usedUp: 0, scheduled: 0, ruled: 0, protected: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 10, maxLength: 20 }), async (lives) => {
      await Promise.all(lives.map((one) => live(first, one, n++, time)))
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
