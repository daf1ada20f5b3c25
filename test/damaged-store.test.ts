/** A link that is damaged in the store is unavailable; all others are served, and an operator sees it. */
import path from 'node:path'
import test from 'ava'
import type { Code } from '../links/ids.ts'
import { LmdbEnvironment } from '../persistence/data-directory/lmdb-environment.ts'
import { linkKey, STORE_KEYSPACES } from '../persistence/store/link-entry.ts'
import { Program, temporaryDirectory } from './program.ts'

const CODES = Array.from({ length: 20 }, (_, index) => `code-${index}`)
const DAMAGED = 'code-7'

test('a damaged link answers 503, never another URL and never 404', async (t) => {
  const dataDir = temporaryDirectory(t)
  const first = await Program.start({ dataDir })
  const links = CODES.map((code) => ({ url: `https://example.org/${code}`, code }))
  const made = await first.api('/api/links/bulk', { method: 'POST', json: { links } })
  t.is(made.status, 200)
  await first.stop()
  await damage(path.join(dataDir, 'data', 'store'), DAMAGED)
  const program = await Program.start({ dataDir })
  for (const code of CODES) {
    const answer = await fetch(`${program.url}/${code}`, { redirect: 'manual' })
    const isDamaged = code === DAMAGED
    t.is(answer.status, isDamaged ? 503 : 302, code)
    t.is(answer.headers.get('location'), isDamaged ? null : `https://example.org/${code}`)
  }
  const taken = await program.api('/api/links', {
    method: 'POST',
    json: { url: 'https://example.net/', code: DAMAGED },
  })
  t.is(taken.status, 503, 'the code is not given to another URL')
  t.is(((await taken.json()) as { code: string }).code, 'store_damaged')
  t.is((await fetch(`${program.url}/never`, { redirect: 'manual' })).status, 404)
  const metrics = await (await fetch(`${program.url}/metrics`)).text()
  t.true(Number(/^tinygrid_store_errors_total (\d+)$/m.exec(metrics)![1]) > 0)
  t.regex(
    program.output,
    /"code":"store_damaged","reason":"The stored version of code-7 is damaged"/,
  )
  await program.stop()
})

async function damage(store: string, code: string): Promise<void> {
  const environment = new LmdbEnvironment(store)
  await environment.hold()
  const links = environment.keyspace(STORE_KEYSPACES.links)
  const key = linkKey(code as Code)
  const value = links.getBinary(key)!
  value[value.length - 2]! ^= 1
  await environment.commit({ bytes: 0 }, () => void links.put(key, value))
  await environment.close()
}
