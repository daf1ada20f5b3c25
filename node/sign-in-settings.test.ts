import test from 'ava'
import { readConfig } from '../config.ts'
import { describeConfig } from './settings-display.ts'

const WHOLE = {
  TINYGRID_BASE_URL: 'https://sho.rt',
  TINYGRID_OIDC_ISSUER: 'https://login.example.com/realms/all',
  TINYGRID_OIDC_CLIENT_ID: 'tinygrid',
  TINYGRID_OIDC_CLIENT_SECRET: 'very-secret-text',
  TINYGRID_OIDC_ROLES: 'admins=admin, a=b=edit,*=read',
}

test('a sign-in is set whole, or not at all', (t) => {
  t.notThrows(() => readConfig(WHOLE))
  t.notThrows(() => readConfig({ ...WHOLE, TINYGRID_OIDC_CLIENT_SECRET: undefined }))
  for (const name of ['BASE_URL', 'OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_ROLES']) {
    const variable = `TINYGRID_${name}`
    const error = t.throws(() => readConfig({ ...WHOLE, [variable]: undefined }))
    t.regex(error.message, new RegExp(`but ${variable} is not:`))
    t.notRegex(error.message, /\n|very-secret/)
  }
})

for (const [name, value] of [
  ['OIDC_ISSUER', 'http://login.example.com'],
  ['OIDC_ISSUER', 'https://login.example.com/?tenant=1'],
  ['OIDC_ISSUER', 'https://u:p@login.example.com'],
  ['OIDC_ISSUER', 'http://127.0.0.1.example.com'],
  ['OIDC_ROLES', 'admins'],
  ['OIDC_ROLES', 'admins=king'],
  ['OIDC_ROLES', '=read'],
  ['OIDC_ROLES', 'a=read,a=edit'],
  ['OIDC_SCOPES', 'profile'],
  ['OIDC_SCOPES', 'openid  profile'],
  ['SESSION_HOURS', '169'],
] as const) {
  test(`TINYGRID_${name}=${value} is refused`, (t) => {
    const error = t.throws(() => readConfig({ ...WHOLE, [`TINYGRID_${name}`]: value }))
    t.true(error.message.startsWith(`TINYGRID_${name} is `), error.message)
  })
}

test('plain HTTP is for providers on this machine', (t) => {
  for (const issuer of ['http://127.0.0.1:4000', 'http://[::1]:4000', 'http://localhost/x/']) {
    t.is(readConfig({ ...WHOLE, TINYGRID_OIDC_ISSUER: issuer }).oidcIssuer, issuer)
  }
})

test('the secret is not among what is shown', (t) => {
  t.notRegex(JSON.stringify(describeConfig(readConfig(WHOLE))), /very-secret/)
})
