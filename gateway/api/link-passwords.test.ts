/** Passwords of links in the API: taken in, kept as a hash, and given out by nothing but an export. */
import test from 'ava'
import { isPassword } from '../../links/password-hash.ts'
import type { Code } from '../../links/ids.ts'
import { startGateway } from '../testing/test-gateway.ts'

const url = 'https://example.com/secret'
const password = 'correct horse'

test('a password is kept as a hash, and nobody is told of it but that there is one', async (t) => {
  const { call, links, log } = await startGateway(t)
  const made = await call('POST', '/api/links', { url, password, title: 'A' })
  t.deepEqual([made.status, made.json.hasPassword], [201, true])
  const { passwordHash } = links.links.get(made.json.code as Code)!
  t.true(await isPassword(password, passwordHash!))
  const path = `/api/links/${made.json.code}`
  const answers = [made, await call('GET', path), await call('GET', '/api/links')]
  answers.push(await call('PATCH', path, { title: 'B' }))
  for (const { text } of answers) {
    t.true(text.includes('"hasPassword":true'))
    t.false(text.includes(password) || text.includes('scrypt') || text.includes(passwordHash!))
  }
  t.false(log().includes(password))
})

test('a password is changed and taken away, which makes another version of the link', async (t) => {
  const { call, links } = await startGateway(t)
  const made = await call('POST', '/api/links', { url })
  t.false(made.json.hasPassword)
  const path = `/api/links/${made.json.code}`
  const hash = () => links.links.get(made.json.code as Code)?.passwordHash
  const first = await call('PATCH', path, { password })
  t.true(first.json.hasPassword)
  t.not(first.headers['etag'], made.headers['etag'])
  const before = hash()
  const second = await call('PATCH', path, { password: 'other' })
  t.not(second.headers['etag'], first.headers['etag'])
  t.not(hash(), before)
  t.true((await call('PATCH', path, { url })).json.hasPassword, 'what is left out stays')
  t.false((await call('PATCH', path, { password: null })).json.hasPassword)
  t.is(hash(), undefined)
})

test('a link with a password is one of its own, also for who repeats a request with its key', async (t) => {
  const { call } = await startGateway(t)
  const key = { 'idempotency-key': 'once' }
  const plain = await call('POST', '/api/links', { url }, key)
  const made = await call('POST', '/api/links', { url, password }, key)
  const again = await call('POST', '/api/links', { url, password }, key)
  t.not(made.json.code, plain.json.code)
  t.is(again.json.code, made.json.code)
  t.not((await call('POST', '/api/links', { url, password })).json.code, made.json.code)
})

test('an export has the hash, by which the same password is right elsewhere', async (t) => {
  const { call, links } = await startGateway(t)
  await call('POST', '/api/links', { url, password, code: 'mine' })
  const [line] = (await call('GET', '/api/export')).text.split('\n')
  const { shortUrl: _shortUrl, ...exported } = JSON.parse(line!) as Record<string, unknown>
  t.false('hasPassword' in exported)
  links.links.clear()
  const bulk = await call('POST', '/api/links/bulk', { links: [exported, { url, password }] })
  t.deepEqual(
    bulk.json.results.map(({ status, link }) => [status, link.hasPassword]),
    [
      [201, true],
      [201, true],
    ],
  )
  t.true(await isPassword(password, links.links.get('mine' as Code)!.passwordHash!))
})

for (const [body, code, field] of [
  [{ password: '' }, 'invalid_field', 'password'],
  [{ password: 'a'.repeat(129) }, 'invalid_field', 'password'],
  [{ password: 'a\nb' }, 'invalid_field', 'password'],
  [{ password: 5 }, 'invalid_field', 'password'],
  [{ passwordHash: '$scrypt$ln=14,r=8,p=5$a$b' }, 'unknown_field', 'passwordHash'],
] as const) {
  test(`no password of a new link is ${JSON.stringify(body).slice(0, 50)}`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json } = await call('POST', '/api/links', { url, ...body })
    t.deepEqual([status, json.code, json.field], [400, code, field])
    t.is((await call('POST', '/api/links', { url })).status, 201)
  })
}

test('a hash that would take too long to check is not taken in', async (t) => {
  const { call } = await startGateway(t)
  const passwordHash = `$scrypt$ln=20,r=8,p=5$${'A'.repeat(22)}$${'A'.repeat(43)}`
  const past = { url, code: 'abc', createdAt: '2030-01-01T00:00:00Z', passwordHash }
  const { json } = await call('POST', '/api/links/bulk', { links: [past] })
  t.is(json.results[0]!.error.field, 'links[0].passwordHash')
})
