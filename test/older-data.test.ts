/**
 * A data directory of the version before links had options: it opens, keeps every link, and takes new ones.
 *
 * `fixtures/data-before-options.json.gz` is such a directory, of a program that was killed: its files as
 * base64. The store has all its links but the last, which the log alone has.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

const FIXTURE = path.join(import.meta.dirname, 'fixtures/data-before-options.json.gz')
const ENV = { TINYGRID_PARTITIONS: '16', TINYGRID_CLICKS: 'false', TINYGRID_LOG_MAX: '1MB' }
const NONE = { validFrom: null, redirectStatus: null, expiredUrl: null, forwardQuery: null }

function unpacked(t: { teardown(fn: () => void): void }): string {
  const dataDir = temporaryDirectory(t)
  const files = JSON.parse(gunzipSync(readFileSync(FIXTURE)).toString()) as Record<string, string>
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dataDir, 'data', name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, Buffer.from(content, 'base64'))
  }
  return dataDir
}

test('every link of the version before is there, in the log and in the store, and gets options', async (t) => {
  const dataDir = unpacked(t)
  let program = await Program.start({ dataDir, env: ENV })
  const read = async (code: string) => {
    const answer = await program.api(`/api/links/${code}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const statusOf = async (code: string) => {
    return (await fetch(`${program.url}/${code}`, { redirect: 'manual' })).status
  }
  t.like(await read('full'), {
    ...NONE,
    url: 'https://example.org/full',
    title: 'Über uns',
    expiresAt: '2099-01-01T00:00:00.000Z',
    maxVisits: 3,
    visits: 1,
  })
  t.deepEqual((await read('full'))['tags'], ['a', 'ü'])
  t.like(await read('changed'), { ...NONE, title: 'new' })
  t.deepEqual((await read('plain'))['tags'], ['late'])
  t.like(await read('late'), { ...NONE, url: 'https://example.org/late' })
  const codes = ['plain', 'full', 'changed', 'late', 'deleted', 'purged']
  t.deepEqual(await Promise.all(codes.map(statusOf)), [302, 302, 302, 302, 410, 404])

  const json = { validFrom: '2099-01-01T00:00:00Z', expiredUrl: 'https://example.org/over' }
  t.is((await program.api('/api/links/late', { method: 'PATCH', json })).status, 200)
  await program.kill()
  program = await Program.start({ dataDir, env: ENV })
  t.like(await read('late'), { ...json, validFrom: '2099-01-01T00:00:00.000Z' })
  t.deepEqual(await Promise.all(codes.map(statusOf)), [302, 302, 302, 404, 410, 404])
  await program.stop()
})
