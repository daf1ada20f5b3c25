/** Who guesses passwords of links: how many tries he has, and what the time of an answer tells him. */
import crypto, { randomBytes } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import test from 'ava'
import { hashPassword } from '../../links/password-hash.ts'
import { startGateway, type TestGateway } from '../testing/test-gateway.ts'

const CODE = 'abc1234'
const PASSWORD = 'sesame'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const passwordHash = await hashPassword(PASSWORD, randomBytes)
/** A cheap one, for many tries: its cost is told by itself. */
const CHEAP = `$scrypt$ln=1,r=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Every work on a password, by what it costs; in order. */
const work: string[] = []
const { scrypt, timingSafeEqual } = crypto

/** Node's functions, which note what they are asked for. */
test.before(() => {
  crypto.scrypt = ((password, salt, length, options, done) => {
    work.push(`scrypt ${JSON.stringify(options)} for ${length}`)
    scrypt(password, salt, length, options, done)
  }) as typeof scrypt
  crypto.timingSafeEqual = (a, b) => {
    work.push(`compares ${a.byteLength} with ${b.byteLength}`)
    return timingSafeEqual(a, b)
  }
  syncBuiltinESMExports()
})

test.after.always(() => {
  Object.assign(crypto, { scrypt, timingSafeEqual })
  syncBuiltinESMExports()
})

function send({ call }: TestGateway, password: string, path: string, address: string) {
  const body = new URLSearchParams({ password }).toString()
  return call('POST', path, body, { ...FORM, 'x-forwarded-for': address })
}

test.serial(
  'a right, a wrong, a nearly right and an empty password take the same work',
  async (t) => {
    const gateway = await startGateway(t, { wrongPasswordsPerMinuteMax: 100 })
    gateway.add({ code: CODE, passwordHash })
    const worked = new Map<string, string[]>()
    for (const password of [PASSWORD, 'wrong', 'sesamf', 'sesam', '', 'ü'.repeat(128)]) {
      work.length = 0
      const { status } = await send(gateway, password, `/${CODE}`, '192.0.2.1')
      t.is(status, password === PASSWORD ? 303 : 403)
      worked.set(password, [...work])
    }
    for (const [password, did] of worked) t.deepEqual(did, worked.get(PASSWORD), password)
    t.is(worked.get(PASSWORD)!.length, 2)
  },
)

/** All that lead to the link. */
const SPELLINGS = [`/${CODE}`, `/${CODE}/`, `/${CODE}?a=b`, `/${CODE}/?a`, `/${CODE.toUpperCase()}`]

test.serial(
  'however a link is spelt and from wherever: a hundred tries a minute, all at once too',
  async (t) => {
    const settings = { trustProxy: true, codeCase: 'insensitive' } as const
    const gateway = await startGateway(t, settings)
    gateway.add({ code: CODE, passwordHash: CHEAP })
    for (let minute = 1; minute <= 2; minute++) {
      work.length = 0
      const statuses: number[] = []
      for (let round = 0; round < 6; round++) {
        const tries = Array.from({ length: 40 }, (_, index) => {
          const place = SPELLINGS[index % SPELLINGS.length]!
          return send(gateway, `guess ${index}`, place, `10.${minute}.${round}.${index}`)
        })
        for (const { status } of await Promise.all(tries)) statuses.push(status)
      }
      const count = (status: number) => statuses.filter((other) => other === status).length
      t.deepEqual([count(403), count(429)], [100, 140])
      t.is(work.filter((what) => what.startsWith('scrypt')).length, 100)
      gateway.clock.now = (gateway.clock.now + 60_000) as typeof gateway.clock.now
    }
  },
)
