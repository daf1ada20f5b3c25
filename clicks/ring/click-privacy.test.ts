/** What of a visitor reaches the click log, and what does not. */
import test from 'ava'
import * as fc from 'fast-check'
import { parseAddress } from '../../links/ip-address.ts'
import { RecorderWorld } from '../testing/recorder-world.ts'
import type { Head } from './click-ring.ts'
import { keptAddress } from './kept-address.ts'
import { keptHead } from './kept-head.ts'

const SECRETS = ['203.0.113.7', '198.51.100.9', '2001:db8:1:2::3', 'cookie', 'a-key']

for (const [address, anonymised] of [
  ['203.0.113.7', '203.0.113.0'],
  ['::ffff:203.0.113.7', '203.0.113.0'],
  ['::ffff:cb00:7107', '203.0.113.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:db8::1', '2001:db8::'],
  ['2001:0:0:1::', '2001::'],
  ['::1', '::'],
  ['1::', '1::'],
  ['fe80::1%eth0', 'fe80::'],
  ['', ''],
  ['nonsense', ''],
] as const) {
  test(`of ${address || 'no address'} is kept ${anonymised || 'none'}`, async (t) => {
    const click = await new RecorderWorld().recordOf({ address })
    t.is(click.address, anonymised)
    t.is(click.visitor === '', anonymised === '')
  })
}

test('of IPv6 addresses just those with the same first 48 bits are kept alike', (t) => {
  const group = fc.integer({ min: 1, max: 0xffff })
  const groups = fc.array(group, { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, groups, fc.nat(8), (one, other, shared) => {
      const mixed = [...one.slice(0, shared), ...other.slice(shared)]
      const isSame = [0, 1, 2].every((at) => one[at] === mixed[at])
      t.is(keptOf(one) === keptOf(mixed), isSame)
      t.is(keptAddress(keptOf(one), 'anonymised'), keptOf(one))
    }),
  )
})

/** `2001:db8:...`, as sockets and proxies write it. */
function keptOf(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(':')
  return keptAddress(parseAddress(text)!, 'anonymised')
}

test('none keeps no address and full the whole one; the visitor is told apart all the same', async (t) => {
  const address = '::ffff:203.0.113.7'
  const none = await new RecorderWorld({ privacy: 'none' }).recordOf({ address })
  const full = await new RecorderWorld({ privacy: 'full' }).recordOf({ address })
  t.is(none.address, '')
  t.is(full.address, '203.0.113.7')
  t.is(none.visitor, full.visitor)
  const other = await new RecorderWorld().recordOf({ address: '203.0.113.8' })
  t.not(other.visitor, full.visitor)
})

test('a visitor is an address and an agent', async (t) => {
  const world = new RecorderWorld()
  const visitor = async (address: string, agent: string, language: string) => {
    const head = ['User-Agent', agent, 'Accept-Language', language]
    return (await world.recordOf({ address, head })).visitor
  }
  const first = await visitor('203.0.113.7', 'Firefox', 'de')
  t.is(await visitor('::ffff:203.0.113.7', 'Firefox', 'en'), first)
  t.not(await visitor('203.0.113.7', 'Safari', 'de'), first)
  t.not(await visitor('203.0.113.8', 'Firefox', 'de'), first)
})

test('behind a proxy the last entry counts, and what a client made up does not', async (t) => {
  const forwarded = async (trustProxy: boolean, ...values: string[]) => {
    const world = new RecorderWorld({ trustProxy, privacy: 'full' })
    const head = values.flatMap((value) => ['X-Forwarded-For', value])
    const click = await world.recordOf({ head, address: '192.0.2.1' })
    t.false(click.headers.includes('Forwarded'))
    return click.address
  }
  t.is(await forwarded(false, '203.0.113.7'), '192.0.2.1')
  t.is(await forwarded(true, '203.0.113.7'), '203.0.113.7')
  t.is(await forwarded(true, '6.6.6.6, 203.0.113.7:1234'), '203.0.113.7')
  t.is(await forwarded(true, '6.6.6.6', '203.0.113.7'), '203.0.113.7')
  t.is(await forwarded(true, '203.0.113.7, , '), '203.0.113.7')
  t.is(await forwarded(true, '203.0.113.7, unknown'), '192.0.2.1')
  t.is(await forwarded(true, ''), '192.0.2.1')
  t.is(await forwarded(true, ' , '), '192.0.2.1')
})

test('who asks not to be followed is not, where that is honoured', async (t) => {
  for (const [name, value, isHonoured] of [
    ['DNT', '1', true],
    ['sec-gpc', '1', true],
    ['DNT', '0', false],
  ] as const) {
    const head = [name, value]
    const without = await new RecorderWorld().recordOf({ head })
    t.not(without.visitor, '')
    const click = await new RecorderWorld({ respectDnt: true }).recordOf({ head })
    t.is(click.visitor === '' && click.address === '', isHonoured)
    t.is(click.headers, `${name}: ${value}`)
  }
})

test('no whole address, cookie or key is in the log', async (t) => {
  for (const privacy of ['none', 'anonymised'] as const) {
    const world = new RecorderWorld({ privacy, trustProxy: true })
    const lines = ['User-Agent: x', 'Cookie: cookie', 'X-Api-Key: a-key', 'Authorization: a-key']
    for (const address of SECRETS.slice(0, 3)) {
      const head = [...lines, `X-Forwarded-For: ${address}`, `Forwarded: for=${address}`]
      world.visit({ head: ` HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`, address })
    }
    await world.taken()
    const logged = JSON.stringify(world.clicks())
    for (const secret of SECRETS) t.false(logged.includes(secret), secret)
  }
})

test('a head is kept alike as text and in pieces', (t) => {
  const name = fc.constantFrom(
    'User-Agent',
    'user-agent',
    'REFERER',
    'Accept-Language',
    'Sec-Purpose',
    'DNT',
    'Sec-GPC',
    'X-Forwarded-For',
    'Cookie',
    'Host',
    'X-Moz',
    'Accept',
  )
  const value = fc.stringMatching(/^[!-~]?[ -~]{0,30}$/).map((text) => text.trim())
  const space = fc.constantFrom('', ' ', '\t ')
  const headers = fc.array(fc.tuple(name, space, value, space), { maxLength: 12 })
  fc.assert(
    fc.property(headers, (lines) => {
      const text = lines.map(
        ([key, before, content, after]) => `${key}:${before}${content}${after}`,
      )
      const head: Head = ` HTTP/1.1\r\n${text.map((line) => `${line}\r\n`).join('')}\r\n`
      const pieces = lines.flatMap(([key, , content]) => [key, content])
      t.deepEqual(keptHead(head), keptHead(pieces))
    }),
  )
})
