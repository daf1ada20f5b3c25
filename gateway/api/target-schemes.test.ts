/** Links to other addresses than web pages: made, changed, taken in, found, followed and given out. */
import test from 'ava'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const APPS = {
  targets: { schemes: ['http', 'https', 'mailto', 'tel', 'myapp'], bytesMax: 8_192 },
  aliasLengthMax: 8,
}
const MAIL = 'mailto:ä@b.example?subject=a b'
const STORED = 'mailto:%C3%A4@b.example?subject=a%20b'

test('a link to an address of an allowed scheme is made, changed and followed', async (t) => {
  const { call } = await startGateway(t, APPS)
  const made = await call('POST', '/api/links', { url: MAIL, code: 'mail' })
  t.is(made.status, 201)
  t.is(made.json.url, STORED)
  t.is((await call('GET', '/mail')).headers['location'], STORED)
  t.is((await call('GET', '/mail', undefined, { 'x-api-key': KEY })).headers['location'], STORED)

  const changed = await call('PATCH', '/api/links/mail', { url: 'TEL:+49 30 1' })
  t.is(changed.json.url, 'tel:+49%2030%201')
  t.is((await call('HEAD', '/mail')).headers['location'], 'tel:+49%2030%201')
  const again = await call('POST', '/api/links', { url: 'myapp://x/y z' })
  t.is((await call('POST', '/api/links', { url: 'myapp://x/y%20z' })).json.code, again.json.code)
})

test('a link that was given out under wider settings is followed, shown, edited and found', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'mail', url: STORED })
  t.is((await call('GET', '/mail')).headers['location'], STORED)
  t.is((await call('GET', '/api/links/mail')).json.url, STORED)
  t.is((await call('PATCH', '/api/links/mail', { title: 'Mail' })).json.url, STORED)
  const found = await call('GET', `/api/links?search=${encodeURIComponent('mailto:')}`)
  t.deepEqual(
    found.json.links.map(({ code }) => code),
    ['mail'],
  )
  for (const body of [{ url: MAIL }, { url: 'tel:1' }]) {
    const { status, json } = await call('PATCH', '/api/links/mail', body)
    t.is(status, 400)
    t.regex(json.detail, /^The URL must start with http:\/\/ or https:\/\/, not (mailto|tel):$/)
  }
})

test('an exported link to another address is taken in as it was', async (t) => {
  const one = await startGateway(t, APPS)
  await one.call('POST', '/api/links', { url: MAIL, code: 'mail' })
  const [line] = (await one.call('GET', '/api/export')).text.split('\n')
  const { shortUrl: _, ...link } = JSON.parse(line!) as Record<string, unknown>
  const other = await startGateway(t, APPS)
  const { json } = await other.call('POST', '/api/links/bulk', { links: [link] })
  t.is(json.results[0]!.status, 201)
  t.is((await other.call('GET', '/mail')).headers['location'], STORED)
  const narrow = await startGateway(t)
  const refused = await narrow.call('POST', '/api/links/bulk', { links: [link] })
  t.is(refused.json.results[0]!.error.field, 'links[0].url')
})
