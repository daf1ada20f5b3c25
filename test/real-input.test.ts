import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

/*
 * Real URLs, thousands and messy: those in the README files of the packages that are installed here.
 */

const MODULES = path.resolve(import.meta.dirname, '../node_modules')
const URL_IN_TEXT = /https?:\/\/[^\s<>"'`]+/g
const BULK = 1000
/** Followed one by one, beside being created in bulk. */
const SINGLE = 300

function urlsOfReadmes(): string[] {
  const names = readdirSync(MODULES, { recursive: true, encoding: 'utf8' })
  const readmes = names.filter((name) => /(^|\/)readme(\.\w+)?$/i.test(name))
  const found = readmes.flatMap((name) => {
    try {
      return readFileSync(path.join(MODULES, name), 'utf8').match(URL_IN_TEXT) ?? []
    } catch {
      return []
    }
  })
  return [...new Set(found)]
}

type Item = { status: number; link?: { code: string; url: string }; error?: { field: string } }

async function bulk(program: Program, urls: readonly string[]): Promise<Item[]> {
  const items: Item[] = []
  for (let start = 0; start < urls.length; start += BULK) {
    const links = urls.slice(start, start + BULK).map((url) => ({ url }))
    const response = await program.api('/api/links/bulk', { method: 'POST', json: { links } })
    items.push(...((await response.json()) as { results: Item[] }).results)
  }
  return items
}

/** What the WHATWG parser makes of it; null where Tinygrid refuses it on purpose. */
function expected(url: string, ownOrigin: string): string | null {
  if (!URL.canParse(url)) return null
  const { href, hostname, port } = new URL(url)
  const own = new URL(ownOrigin)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0'].includes(hostname)
  if (isLoopback && port === own.port) return null
  return href.length > 8192 || hostname === '' ? null : href
}

test('every URL of the installed READMEs is shortened, followed, and found again', async (t) => {
  t.timeout(180_000)
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(() => program.kill())
  const urls = urlsOfReadmes()
  t.true(urls.length > 1000, `only ${urls.length} URLs were found`)

  const first = await bulk(program, urls)
  t.is(first.length, urls.length)
  const wrong: unknown[] = []
  for (const [index, item] of first.entries()) {
    const wanted = expected(urls[index]!, program.url)
    const isRight =
      wanted === null
        ? item.status === 400 && item.error?.field.endsWith('url')
        : (item.status === 201 || item.status === 200) && item.link?.url === wanted
    if (!isRight) wrong.push([urls[index], item])
  }
  t.deepEqual(wrong, [])

  const links = new Map(
    first.flatMap(({ link }) => (link === undefined ? [] : [[link.code, link.url]])),
  )
  for (const [code, url] of links) {
    const response = await program.visit(code)
    if (response.headers.get('location') !== url) wrong.push([code, url, response.status])
  }
  t.deepEqual(wrong, [])

  const second = await bulk(program, urls)
  t.deepEqual(
    second.filter(({ status }) => status === 201),
    [],
  )
  for (const url of urls.slice(0, SINGLE)) {
    const response = await program.create({ url })
    await response.arrayBuffer()
    t.true([200, 400].includes(response.status), `${response.status} for ${url}`)
  }
  t.log(`${urls.length} URLs, ${links.size} links`)
})
