import test from 'ava'
import { gatewaySettingsOf, readConfig } from '../config.ts'

const BASE = { TINYGRID_BASE_URL: 'https://sho.rt' }

function domainsOf(text: string, more: Record<string, string> = BASE) {
  return gatewaySettingsOf(readConfig({ TINYGRID_DOMAINS: text, ...more })).domains
}

test('names alone are domains that are as the default one', (t) => {
  const env = { ...BASE, TINYGRID_FALLBACK_URL: 'https://example.com/', TINYGRID_ROBOTS: 'deny' }
  t.deepEqual(domainsOf('Go.Example, s.example', env) as unknown[], [
    { name: 'go.example', fallbackUrl: 'https://example.com/', robots: 'deny' },
    { name: 's.example', fallbackUrl: 'https://example.com/', robots: 'deny' },
  ])
  t.deepEqual(gatewaySettingsOf(readConfig(BASE)).domains, [])
})

test('a list of objects says what differs, and null that there is no fallback', (t) => {
  const env = { ...BASE, TINYGRID_FALLBACK_URL: 'https://example.com/' }
  const list = ['a', { domain: 'b', fallbackUrl: null, robots: 'deny' }, { domain: 'c' }]
  t.deepEqual(domainsOf(JSON.stringify(list), env) as unknown[], [
    { name: 'a', fallbackUrl: 'https://example.com/', robots: 'allow' },
    { name: 'b', fallbackUrl: null, robots: 'deny' },
    { name: 'c', fallbackUrl: 'https://example.com/', robots: 'allow' },
  ])
})

for (const text of [
  ',',
  'a,a',
  'a,A',
  'default',
  'go.example:80',
  'https://go.example',
  '[]',
  '[1]',
  '[{}]',
  '["a"',
  '[{"domain":"a","robots":"some"}]',
  '[{"domain":"a","fallbackUrl":"mailto:x"}]',
  '[{"domain":"a","more":1}]',
  Array.from({ length: 101 }, (_, n) => `d${n}`).join(),
]) {
  test(`${text.slice(0, 50)} are no domains`, (t) => {
    t.throws(() => domainsOf(text), {
      name: 'ConfigError',
      message: /^TINYGRID_DOMAINS is .*must be/,
    })
  })
}

test('domains take a default one that has a name, and is none of them', (t) => {
  t.throws(() => domainsOf('go.example', {}), { message: /TINYGRID_BASE_URL is not/ })
  t.throws(() => domainsOf('sho.rt'), { message: /sho\.rt, which is the default domain/ })
})

test('no domain sends those who are lost back to the service', (t) => {
  const list = [{ domain: 'go.example', fallbackUrl: 'https://s.example/' }, 's.example']
  t.throws(() => domainsOf(JSON.stringify(list)), { message: /leads back to this service/ })
  const env = { ...BASE, TINYGRID_FALLBACK_URL: 'https://go.example/x' }
  t.throws(() => domainsOf('go.example', env), { message: /leads back to this service/ })
})
