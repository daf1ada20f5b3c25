/** Several domains in the real program: kept apart through a kill, and waiting while one is not served. */
import test from 'ava'
import { visitAt } from './host-visit.ts'
import { Program, temporaryDirectory } from './program.ts'

const BASE = { TINYGRID_BASE_URL: 'https://sho.rt' }
const SEVERAL = { ...BASE, TINYGRID_DOMAINS: 'go.example,s.example' }
const targetOn = (host: string) => `https://example.com/${host}`

/** By the fast path, or with more headers by Node's server; undefined: nowhere. */
async function followed(program: Program, host: string, more: Record<string, string> = {}) {
  const path = more['te'] === undefined ? '/spring' : '/spring/'
  return (await visitAt(program, host, path, more)).location
}

test('each domain keeps its link of a code, and a domain that is taken away keeps its own for later', async (t) => {
  const dataDir = temporaryDirectory(t)
  const start = async (env: Record<string, string>) => {
    const program = await Program.start({ dataDir, env })
    t.teardown(() => program.kill())
    return program
  }
  const first = await start(BASE)
  const made = await first.create({ url: targetOn('sho.rt'), code: 'spring' })
  t.is(made.status, 201)
  await first.kill()

  const several = await start(SEVERAL)
  for (const domain of ['go.example', 's.example']) {
    const body = { url: targetOn(domain), code: 'spring', domain }
    t.is((await several.create(body)).status, 201)
  }
  const check = async (program: Program, hosts: readonly string[]) => {
    for (const host of ['sho.rt', 'go.example', 's.example']) {
      const target = hosts.includes(host) ? targetOn(host) : targetOn('sho.rt')
      t.is(await followed(program, host), target)
      t.is(await followed(program, host.toUpperCase(), { te: 'trailers' }), target)
    }
  }
  const all = ['sho.rt', 'go.example', 's.example']
  await check(several, all)
  await several.kill()

  const fewer = await start({ ...BASE, TINYGRID_DOMAINS: 's.example' })
  await check(fewer, ['sho.rt', 's.example'])
  t.is((await fewer.api('/api/links/spring?domain=go.example')).status, 400)
  t.is(await fewer.stop(), 0, fewer.output)

  const again = await start(SEVERAL)
  await check(again, all)
  t.is((await again.api('/api/links/spring?domain=go.example', { method: 'DELETE' })).status, 204)
  t.is(await followed(again, 'go.example'), undefined)
  t.is(await followed(again, 'sho.rt'), targetOn('sho.rt'))
})
