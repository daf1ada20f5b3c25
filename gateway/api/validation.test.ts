import test from 'ava'
import { GATEWAY_DEFAULTS } from '../gateway-settings.ts'
import { newLinkSchema } from './link-schemas.ts'
import { compileSchema } from './validation.ts'

const check = compileSchema(newLinkSchema(GATEWAY_DEFAULTS))

test('of many unknown fields one is named, and nothing is done for the others', (t) => {
  const fields = Array.from({ length: 700 }, (_, n) => [`field${n}`, n])
  t.deepEqual(check(Object.fromEntries(fields)), {
    keyword: 'additionalProperties',
    instancePath: '',
    params: { additionalProperties: ['field0'] },
  })
})

test('a list that is too long is not looked into', (t) => {
  const url = 'https://example.com/'
  t.deepEqual(check({ url, tags: Array.from({ length: 10_000 }, () => 5) }), {
    keyword: 'maxItems',
    instancePath: '/tags',
    params: { limit: 10 },
  })
})

test('what is right has no violation', (t) => {
  t.is(check({ url: 'https://example.com/', tags: ['a'] }), undefined)
})
