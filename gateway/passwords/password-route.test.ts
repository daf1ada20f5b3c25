/** Links with a password: what a visitor is told before, with a wrong one, with the right one, and too often. */
import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { hashPassword } from '../../links/password-hash.ts'
import type { Link } from '../../links/link.ts'
import { startGateway, type TestGateway } from '../testing/test-gateway.ts'

const SECRET = 'https://secret.example/hidden?x=1'
const TITLE = 'A title that tells'
const passwordHash = await hashPassword('sesame', randomBytes)
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

async function start(t: ExecutionContext, link: Partial<Link> = {}, settings = {}) {
  const gateway = await startGateway(t, settings)
  gateway.add({ code: 'abc1234', url: SECRET, title: TITLE, passwordHash, ...link })
  return gateway
}

function send({ call }: TestGateway, password: string, path = '/abc1234', headers = {}) {
  const body = new URLSearchParams({ password }).toString()
  return call('POST', path, body, { ...FORM, ...headers })
}

const tellsNothing = (text: string) =>
  !text.includes('secret') &&
  !text.includes('hidden') &&
  !text.includes(TITLE) &&
  !text.includes('scrypt')

for (const [what, path, headers] of [
  ['who follows it', '/abc1234', {}],
  ['who follows it with a query', '/abc1234?utm_source=a', {}],
  ['who has a slash behind it', '/abc1234/', {}],
  ['who asks for its preview', '/abc1234+', {}],
  ['a program', '/abc1234', { accept: 'application/json' }],
  ['a preview bot', '/abc1234', { 'user-agent': 'WhatsApp/2.23.20.0' }],
  ['who has the key', '/abc1234', { 'x-api-key': 'a-key-for-tests-0123456789' }],
] as const) {
  test(`${what} is told nothing of a link with a password`, async (t) => {
    const gateway = await start(t)
    for (const method of ['GET', 'HEAD'] as const) {
      const {
        status,
        headers: answered,
        text,
      } = await gateway.call(method, path, undefined, headers)
      t.is(status, 200)
      t.is(answered['location'], undefined)
      t.is(answered['cache-control'], 'no-store')
      t.true(tellsNothing(text + JSON.stringify(answered)))
      if (method === 'GET') t.true(text.includes('This link is protected'))
    }
    t.true(tellsNothing(gateway.log()))
  })
}

test('the right password leads on, with the query of the visitor, and nobody may keep the answer', async (t) => {
  const gateway = await start(t)
  const { status, headers } = await send(gateway, 'sesame', '/abc1234?y=2')
  t.is(status, 303)
  t.is(headers['location'], `${SECRET}&y=2`)
  t.is(headers['cache-control'], 'no-store')
  t.is((await send(gateway, 'sesame', '/abc1234/')).headers['location'], SECRET)
})

test('a wrong one is answered by the form again, which says so', async (t) => {
  const gateway = await start(t)
  for (const wrong of ['Sesame', '', 'a'.repeat(1_000), '😀'.repeat(128)]) {
    const { status, headers, text } = await send(gateway, wrong)
    t.is(status, 403)
    t.true(text.includes('role="alert"') && text.includes('aria-invalid="true"'))
    t.is(headers['location'], undefined)
    t.true(tellsNothing(text))
  }
  const { status, json } = await send(gateway, 'x', '/abc1234', { accept: 'application/json' })
  t.deepEqual([status, json.code], [403, 'wrong_password'])
  t.true(tellsNothing(JSON.stringify(json) + gateway.log()))
})

test('only a right password uses up a visit', async (t) => {
  const gateway = await start(t, { maxVisits: 1 })
  await gateway.call('GET', '/abc1234')
  await gateway.call('HEAD', '/abc1234')
  await send(gateway, 'wrong')
  t.is((await send(gateway, 'sesame')).status, 303)
  t.is((await send(gateway, 'sesame')).status, 410)
  t.is((await gateway.call('GET', '/abc1234')).status, 410)
})

test('rules are asked after the password, and no permanent redirect is made of it', async (t) => {
  const rules = [
    {
      devices: [],
      languages: ['de'],
      countries: [],
      from: null,
      to: null,
      targets: [{ url: 'https://secret.example/de', weight: 1 }],
    },
  ]
  const gateway = await start(t, { rules, redirectStatus: 308 })
  const german = await send(gateway, 'sesame', '/abc1234', { 'accept-language': 'de-AT' })
  t.deepEqual([german.status, german.headers['location']], [303, 'https://secret.example/de'])
  t.is((await send(gateway, 'sesame')).headers['location'], SECRET)
})

test('who tries too often has to wait, with the right password too; others have not', async (t) => {
  const gateway = await start(t, {}, { wrongPasswordsPerMinuteMax: 2, trustProxy: true })
  const attempt = (password: string, address: string) =>
    send(gateway, password, '/abc1234', { 'x-forwarded-for': address })
  t.is((await attempt('sesame', '192.0.2.1')).status, 303)
  for (const status of [403, 403, 429]) t.is((await attempt('wrong', '192.0.2.1')).status, status)
  const refused = await attempt('sesame', '192.0.2.1')
  t.is(refused.status, 429)
  t.true(Number(refused.headers['retry-after']) >= 1)
  t.true(tellsNothing(refused.text))
  t.is((await attempt('sesame', '192.0.2.2')).status, 303)
  gateway.clock.now = (gateway.clock.now + 60_000) as typeof gateway.clock.now
  t.is((await attempt('sesame', '192.0.2.1')).status, 303)
})

test('one link is not tried by many addresses at once for long', async (t) => {
  const gateway = await start(t, {}, { wrongPasswordsPerLinkMax: 3, trustProxy: true })
  gateway.add({ code: 'other12', url: SECRET, passwordHash })
  const statuses = await Promise.all(
    [1, 2, 3, 4].map(async (n) => {
      const address = { 'x-forwarded-for': `192.0.2.${n}` }
      return (await send(gateway, 'wrong', '/abc1234', address)).status
    }),
  )
  t.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [403, 403, 403, 429],
  )
  t.is((await send(gateway, 'sesame', '/other12')).status, 303)
})

test('a form of a link that has no password any more leads to the link', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'abc1234' })
  const { status, headers } = await send(gateway, 'sesame', '/abc1234?a=b')
  t.deepEqual([status, headers['location']], [303, '/abc1234?a=b'])
  gateway.add({ code: 'gone123', lifecycle: 'deleted' })
  t.is((await send(gateway, 'sesame', '/gone123')).status, 410)
  t.is((await send(gateway, 'sesame', '/nothing')).status, 404)
})

test('what is no form with a password is a method that is not allowed', async (t) => {
  const gateway = await start(t)
  for (const [body, headers] of [
    [undefined, {}],
    ['a=b', FORM],
    ['{"password":"sesame"}', { 'content-type': 'application/json' }],
    ['sesame', { 'content-type': 'text/plain' }],
  ] as const) {
    const { status, headers: answered } = await gateway.call('POST', '/abc1234', body, headers)
    t.deepEqual([status, answered['allow']], [405, 'GET, HEAD'])
  }
  t.is((await send(gateway, 'a'.repeat(10_000))).status, 413)
})

test('a link that its owner cannot tell about is not opened', async (t) => {
  const gateway = await start(t)
  gateway.links.failure = new Error('no owner')
  t.true((await send(gateway, 'sesame')).status >= 500)
  t.true(tellsNothing((await send(gateway, 'sesame')).text))
})
