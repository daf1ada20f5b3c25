/** Bitly's routes, over the links of the gateway. */
import test, { type ExecutionContext } from 'ava'
import { KEY, startGateway, type Reply } from '../../testing/test-gateway.ts'

async function start(t: ExecutionContext, settings: object = {}) {
  const gateway = await startGateway(t, { interfaces: ['bitly'], ...settings })
  const bearer = { authorization: `Bearer ${KEY}` }
  const post = (path: string, body: unknown) => gateway.call('POST', path, body, bearer)
  const get = (path: string) => gateway.call('GET', path, undefined, bearer)
  return { ...gateway, post, get }
}

const shown = ({ json }: Reply) => json as unknown as Record<string, unknown>

test('a URL is shortened, found again, expanded and read by its bitlink', async (t) => {
  const { post, get } = await start(t)
  const wish = { long_url: 'https://example.com/a', domain: 'bit.ly', group_guid: 'Ba1bc23dE4F' }
  const made = await post('/v4/shorten', wish)
  t.is(made.status, 201)
  const { id } = shown(made) as { id: string }
  t.regex(id, /^sho\.rt\/\w{7}$/)
  t.deepEqual(shown(made), {
    created_at: '2030-01-01T00:00:00+0000',
    id,
    link: `http://${id}`,
    custom_bitlinks: [],
    long_url: 'https://example.com/a',
    title: '',
    archived: false,
    tags: [],
    deeplinks: [],
    references: {},
  })
  t.is((await post('/v4/shorten', { long_url: 'https://example.com/a' })).status, 200)
  t.deepEqual(shown(await post('/v4/expand', { bitlink_id: id })), {
    created_at: '2030-01-01T00:00:00+0000',
    link: `http://${id}`,
    id,
    long_url: 'https://example.com/a',
  })
  t.deepEqual(shown(await get(`/v4/bitlinks/${id}`)), shown(made))
})

test('a bitlink is made with title, tags and a keyword', async (t) => {
  const { post, links } = await start(t)
  const wish = { long_url: 'https://example.com/', title: 'T', tags: ['a'], keyword: 'mine' }
  t.like(shown(await post('/v4/bitlinks', wish)), { id: 'sho.rt/mine', title: 'T', tags: ['a'] })
  t.is(links.links.size, 1)
  const taken = await post('/v4/bitlinks', { ...wish, long_url: 'https://example.org/' })
  t.is(taken.status, 409)
  t.like(shown(taken), { message: 'ALREADY_EXISTS', resource: 'bitlinks' })
})

test('a bitlink is made, read and expanded on its domain', async (t) => {
  const domains = [{ name: 'go.example', fallbackUrl: null, robots: 'allow' }]
  const { post, get } = await start(t, { domains })
  const wish = { long_url: 'https://example.com/', keyword: 'mine' }
  t.like(shown(await post('/v4/bitlinks', wish)), { id: 'sho.rt/mine' })
  const other = { ...wish, long_url: 'https://example.org/', domain: 'GO.example' }
  const id = 'go.example/mine'
  t.like(shown(await post('/v4/bitlinks', other)), { id, link: `http://${id}` })
  t.like(shown(await get(`/v4/bitlinks/${id}`)), { long_url: 'https://example.org/' })
  t.like(shown(await post('/v4/expand', { bitlink_id: 'sho.rt/mine' })), {
    long_url: 'https://example.com/',
  })
})

test('errors have the form of Bitly', async (t) => {
  const { post, get, call } = await start(t)
  const wrong = await post('/v4/shorten', { long_url: 'no address' })
  t.is(wrong.status, 400)
  t.like(shown(wrong), {
    message: 'INVALID_ARG_LONG_URL',
    errors: [{ field: 'long_url', error_code: 'invalid' }],
  })
  t.like(shown(await post('/v4/shorten', {})), { message: 'INVALID_ARG_LONG_URL' })
  const elsewhere = { long_url: 'https://example.com/', domain: 'other.example' }
  t.like(shown(await post('/v4/shorten', elsewhere)), { message: 'INVALID_ARG_DOMAIN' })
  t.is((await get('/v4/bitlinks/sho.rt/nope')).status, 404)
  t.is((await get('/v4/bitlinks/other.example/abc')).status, 404)
  const unknown = await call('POST', '/v4/shorten', { long_url: 'https://example.com/' })
  t.is(unknown.status, 403)
  t.like(shown(unknown), { message: 'FORBIDDEN', resource: 'bitlinks' })
})
