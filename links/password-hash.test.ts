import { randomBytes } from 'node:crypto'
import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from './errors.ts'
import {
  hashPassword,
  isPassword,
  isPasswordHash,
  parsePassword,
  parsePasswordHash,
  PASSWORD_LENGTH_MAX,
} from './password-hash.ts'

test('a password is recognised by its hash, and no other one is', async (t) => {
  const hash = await hashPassword('correct horse', randomBytes)
  t.true(isPasswordHash(hash))
  t.true(await isPassword('correct horse', hash))
  for (const wrong of ['correct horsf', 'Correct horse', 'correct horse ', '']) {
    t.false(await isPassword(wrong, hash))
  }
  t.not(await hashPassword('correct horse', randomBytes), hash)
  t.false(hash.includes('correct'))
})

/** RFC 7914, section 12: of the password `pleaseletmein` and the salt `SodiumChloride`. */
const RFC_BYTES =
  '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
  'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887'
const RFC_HASH = `$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$${Buffer.from(RFC_BYTES, 'hex')
  .toString('base64')
  .replaceAll('=', '')}`

test('a hash that another program made is checked by the cost that it tells', async (t) => {
  t.true(isPasswordHash(RFC_HASH))
  t.true(await isPassword('pleaseletmein', RFC_HASH))
  t.false(await isPassword('pleaseletmeIn', RFC_HASH))
})

test('a password is the same however its letters are put together', (t) => {
  t.is(parsePassword('Mu\u0308ller'), parsePassword('M\u00fcller'))
  t.is(parsePassword(null), null)
  t.is(parsePassword('😀'.repeat(PASSWORD_LENGTH_MAX)), '😀'.repeat(PASSWORD_LENGTH_MAX))
  for (const wrong of [
    '',
    'a'.repeat(PASSWORD_LENGTH_MAX + 1),
    'a\n',
    '\ud800',
    5,
    {},
    undefined,
  ]) {
    t.true(
      hasCode(
        t.throws(() => parsePassword(wrong)),
        'invalid_field',
      ),
    )
  }
})

for (const [what, hash] of [
  ['nothing', ''],
  ['a password', 'correct horse'],
  ['another algorithm', RFC_HASH.replace('scrypt', 'argon2')],
  ['more memory than a check may take', RFC_HASH.replace('ln=14', 'ln=20')],
  ['more work than a check may take', RFC_HASH.replace('p=1', 'p=99').replace('ln=14', 'ln=15')],
  ['no work', RFC_HASH.replace('ln=14', 'ln=0')],
  ['half a hash', RFC_HASH.slice(0, 60)],
  ['a line end', `${RFC_HASH}\n`],
] as const) {
  test(`no hash is ${what}`, (t) => {
    t.false(isPasswordHash(hash))
    t.true(
      hasCode(
        t.throws(() => parsePasswordHash(hash)),
        'invalid_field',
      ),
    )
  })
}

test('a hash is taken as it is stored, or refused', (t) => {
  const near = fc.tuple(fc.nat(RFC_HASH.length), fc.string({ maxLength: 2 }), fc.nat(3))
  const property = fc.property(fc.oneof(fc.anything(), fc.string(), near), (value) => {
    const [at, put, gone] = Array.isArray(value) ? (value as [number, string, number]) : []
    const isNear = typeof at === 'number' && typeof put === 'string'
    const text = isNear ? RFC_HASH.slice(0, at) + put + RFC_HASH.slice(at + Number(gone)) : value
    try {
      const stored = parsePasswordHash(text)
      t.is(stored, text as string)
      t.is(parsePasswordHash(stored), stored)
    } catch (error) {
      t.true(hasCode(error, 'invalid_field'), String(error))
    }
  })
  fc.assert(property, { numRuns: 2_000 })
})
