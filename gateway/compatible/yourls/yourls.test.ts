/** YOURLS' interface: its words and forms, over the links of the gateway. */
import test, { type ExecutionContext } from 'ava'
import { KEY, NOW, startGateway, type Reply } from '../../testing/test-gateway.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

async function start(t: ExecutionContext) {
  const gateway = await startGateway(t, { interfaces: ['yourls'] })
  const get = (parameters: Record<string, string>) =>
    gateway.call('GET', `/yourls-api.php?${new URLSearchParams(parameters).toString()}`)
  const ask = (parameters: Record<string, string>) =>
    get({ signature: KEY, format: 'json', ...parameters })
  const post = (parameters: Record<string, string>) =>
    gateway.call('POST', '/yourls-api.php', new URLSearchParams(parameters).toString(), FORM)
  return { ...gateway, get, ask, post }
}

const shown = ({ json }: Reply) => json as unknown as Record<string, unknown>

test('a link is made by GET and by POST, and found again as YOURLS says it', async (t) => {
  const { ask, post } = await start(t)
  const url = 'https://example.com/a?b=c&d=e'
  const made = await ask({ action: 'shorturl', url, title: 'A title' })
  t.is(made.status, 200)
  const { keyword } = shown(made)['url'] as { keyword: string }
  t.deepEqual(shown(made), {
    status: 'success',
    code: '',
    message: `${url} added to database`,
    errorCode: '',
    statusCode: '200',
    url: { keyword, url, title: 'A title', date: '2030-01-01 00:00:00', ip: '' },
    title: 'A title',
    shorturl: `http://sho.rt/${keyword}`,
  })
  const again = await post({ signature: KEY, format: 'json', action: 'shorturl', url })
  t.is(again.status, 400)
  t.like(shown(again), {
    status: 'fail',
    code: 'error:url',
    message: `${url} already exists in database (short URL: sho.rt/${keyword})`,
    shorturl: `http://sho.rt/${keyword}`,
  })
  t.like((shown(again) as { url: object }).url, { keyword, clicks: 0 })
})

test('a keyword of one’s own is taken, and refused when it is not free', async (t) => {
  const { ask } = await start(t)
  const wish = { action: 'shorturl', url: 'https://example.com/', keyword: 'mine' }
  t.is(shown(await ask(wish))['shorturl'], 'http://sho.rt/mine')
  const taken = { code: 'error:keyword', statusCode: '400', status: 'fail' }
  t.like(shown(await ask({ ...wish, url: 'https://example.org/' })), taken)
  t.like(shown(await ask({ ...wish, keyword: 'api' })), taken)
  const wrong = await ask({ action: 'shorturl', url: 'no address' })
  t.like(shown(wrong), { code: 'error:nourl', errorCode: '400' })
})

test('each form is written as YOURLS writes it', async (t) => {
  const { ask, add } = await start(t)
  add({ code: 'abc', url: 'https://example.com/?a=1&b=<2>', title: null })
  const expand = { action: 'expand', shorturl: 'http://sho.rt/abc' }
  const plain = await ask({ ...expand, format: 'simple' })
  t.is(plain.text, 'https://example.com/?a=1&b=<2>')
  t.regex(plain.headers['content-type']!, /^text\/plain/)
  const xml = await ask({ ...expand, shorturl: 'abc', format: 'xml' })
  t.is(
    xml.text,
    '<?xml version="1.0" encoding="UTF-8"?>\n<root><keyword>abc</keyword>' +
      '<shorturl>http://sho.rt/abc</shorturl>' +
      '<longurl>https://example.com/?a=1&amp;b=&lt;2&gt;</longurl>' +
      '<title>https://example.com/?a=1&amp;b=&lt;2&gt;</title>' +
      '<message>success</message><statusCode>200</statusCode></root>\n',
  )
  const called = await ask({ ...expand, format: 'jsonp', callback: 'my.call' })
  t.regex(called.text, /^my\.call\(\{"keyword":"abc",.*"callback":"my\.call"\}\)$/)
  t.regex(called.headers['content-type']!, /^application\/javascript/)
  for (const callback of ['alert(1)//', 'u2028x', '']) {
    t.is((await ask({ ...expand, format: 'jsonp', callback })).status, 400, callback)
  }
  const unknown = await ask({ action: 'expand', shorturl: 'http://sho.rt/nope' })
  t.deepEqual(shown(unknown), {
    keyword: 'nope',
    message: 'Error: short URL not found',
    errorCode: '404',
  })
})

test('statistics of a link, of the top and last links, and of all', async (t) => {
  const { ask, add, analytics } = await start(t)
  const old = add({ code: 'old', url: 'https://example.com/old', title: 'Old' })
  const young = add({ code: 'young', url: 'https://example.com/young' })
  await analytics.add({ code: old.code, at: NOW }, { code: old.code, at: NOW })
  await analytics.add({ code: young.code, at: NOW })
  const link = {
    shorturl: 'http://sho.rt/old',
    url: 'https://example.com/old',
    title: 'Old',
    timestamp: '2030-01-01 00:00:00',
    ip: '',
    clicks: 2,
  }
  const one = await ask({ action: 'url-stats', shorturl: 'old' })
  t.deepEqual(shown(one), { statusCode: '200', message: 'success', link })
  const stats = { total_links: 2, total_clicks: 3 }
  const top = await ask({ action: 'stats', filter: 'top', limit: '1' })
  t.deepEqual(shown(top), { links: { link_1: link }, stats, statusCode: '200', message: 'success' })
  const last = await ask({ action: 'stats', filter: 'last', limit: '5', start: '1' })
  t.deepEqual(shown(last)['links'], { link_1: link })
  t.like(shown(await ask({ action: 'db-stats' })), { 'db-stats': stats })
  t.is((await ask({ action: 'stats', filter: 'rand', limit: '1' })).status, 400)
  t.is((await ask({ action: 'version', format: 'simple' })).text, '1.10.4')
  t.is((await ask({ action: 'fly' })).status, 400)
})

test('a key is the signature, and whatever else YOURLS takes is refused with what to do', async (t) => {
  const { get, post, call } = await start(t)
  const version = { action: 'version', format: 'json' }
  const refusals = {
    'Please log in': {},
    'The API key is wrong': { signature: 'wrong' },
    'Signatures with a timestamp are not taken': { signature: KEY, timestamp: '1893456000' },
    'User names and passwords are not taken': { username: 'a', password: 'b' },
  }
  for (const [message, given] of Object.entries(refusals)) {
    for (const reply of [
      await get({ ...version, ...given }),
      await post({ ...version, ...given }),
    ]) {
      t.is(reply.status, 403)
      t.true(String(shown(reply)['message']).startsWith(message), message)
    }
  }
  t.is((await post({ ...version, signature: KEY })).status, 200)
  const byHeader = await call('GET', '/yourls-api.php?action=version', undefined, {
    'x-api-key': KEY,
  })
  t.is(byHeader.status, 200)
})
