/** The documentation that a server shows, as it was built. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { startGateway } from '../testing/test-gateway.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

test('each document is a page, and each link in it leads somewhere', async (t) => {
  const { call } = await startGateway(t)
  const pages = new Map<string, string>()
  const names = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  for (const name of names) {
    const address = `/docs/${name === 'README.md' ? '' : name.slice(0, -'.md'.length)}`
    const { status, headers, text } = await call('GET', address)
    t.is(status, 200, address)
    t.regex(headers['content-type']!, /^text\/html/)
    t.false(headers['content-security-policy']!.includes('unsafe-inline'))
    pages.set(address, text)
  }
  t.true(names.length > 8)
  for (const [address, text] of pages) {
    for (const [, target, fragment] of text.matchAll(/href="(\/docs\/[^"#]*)(?:#([^"]+))?"/g)) {
      const { status, text: found } = await call('GET', target!)
      t.is(status, 200, `${address} leads to ${target}`)
      if (fragment !== undefined)
        t.true(found.includes(`id="${fragment}"`), `${target}#${fragment}`)
    }
  }
  t.is((await call('GET', '/docs')).text, pages.get('/docs/')!)
  t.is((await call('GET', '/docs/nothing')).status, 404)
})
