/**
 * Links with long URLs and to other addresses than web pages, followed as clients follow them, and kept
 * when the settings allow less.
 */
import http from 'node:http'
import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

const LONGEST = 32_000
const WIDE = {
  TINYGRID_TARGET_SCHEMES: 'https,mailto,myapp',
  TINYGRID_URL_BYTES_MAX: String(LONGEST),
}
const longest = 'https://a.example/'.padEnd(LONGEST, 'x')
const LINKS = {
  longest,
  worst: `https://a.example/?${'\\'.repeat(LONGEST - 19)}`,
  mail: 'mailto:a@b.example?subject=a%20b',
  open: 'myapp://open/%C3%BC',
}
/** fetch takes no more than 16 KB. */
const HEADER_BYTES_MAX = 64 * 1024

test('links that wide settings allowed are followed, read and edited under narrow ones', async (t) => {
  const dataDir = temporaryDirectory(t)
  const wide = await Program.start({ dataDir, env: WIDE })
  t.teardown(() => wide.kill())
  for (const [code, url] of Object.entries(LINKS)) {
    const title = code === 'worst' ? '"\\'.repeat(100) : undefined
    t.is((await wide.create({ url, code, title })).status, 201, code)
  }
  const tooLong = await wide.create({ url: `${longest}x`, code: 'more' })
  t.is(
    ((await tooLong.json()) as { detail: string }).detail,
    'url must have at most 32000 characters',
  )
  await followed(t, wide)
  await wide.kill()

  const narrow = await Program.start({ dataDir })
  t.teardown(() => narrow.kill())
  await followed(t, narrow)
  for (const [code, url] of Object.entries(LINKS)) {
    t.is((await narrow.create({ url })).status, 400, code)
    const edited = await narrow.api(`/api/links/${code}`, {
      method: 'PATCH',
      json: { tags: ['a'] },
    })
    t.is(((await edited.json()) as { url: string }).url, url, code)
  }
  const listed = (await (await narrow.api('/api/links?search=mailto:')).json()) as {
    links: { url: string }[]
  }
  t.deepEqual(
    listed.links.map(({ url }) => url),
    [LINKS.mail],
  )
  t.is(await narrow.stop(), 0)
})

/** By the fast path, by Node's server, and by the route. */
async function followed(t: { is(a: unknown, b: unknown, message?: string): unknown }, to: Program) {
  for (const [code, url] of Object.entries(LINKS)) {
    for (const headers of [{}, { TE: 'trailers' }, { 'X-Api-Key': 'a-wrong-key-of-24-letters' }]) {
      t.is(await locationOf(`${to.url}/${code}`, headers), url, code)
    }
  }
}

function locationOf(url: string, headers: http.OutgoingHttpHeaders): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { headers, maxHeaderSize: HEADER_BYTES_MAX }
    const request = http.get(url, options, (response) => {
      response.resume()
      resolve(response.headers.location)
    })
    request.on('error', reject)
  })
}
