/**
 * The hash of a link's password: how it is made, written and compared.
 *
 * Written as PHC strings are, `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, so that its cost may change and older
 * ones still be checked. Only this text is stored: nobody can read a password out of it. It comes with imports
 * too, so its cost has a bound: nothing that is stored makes a check take more than MEMORY_BYTES_MAX or
 * sixteen times as long as one of ours.
 *
 * 16 MB and some 150 ms for each check: what OWASP asks of scrypt at that memory. The work is done on
 * Node's thread pool; who calls bounds how many there are (`gateway/pages/password-desk.ts`).
 * Rejected: argon2, which Node has since 24.7 but not with every OpenSSL it may be built with.
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import { TinygridError } from './errors.ts'

/** In characters, as people count them. */
export const PASSWORD_LENGTH_MAX = 128
export const PASSWORD_HASH_LENGTH_MAX = 200

const COST = { ln: 14, r: 8, p: 5 }
const SALT_BYTES = 16
const HASH_BYTES = 32
const MEMORY_BYTES_MAX = 32 * 2 ** 20
/** Of 128 * N * r * p, the bytes that are gone through. */
const WORK_MAX = 16 * 128 * 2 ** COST.ln * COST.r * COST.p
const WRITTEN =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/
const CONTROL_CHARACTER = /\p{Cc}/u

interface PasswordHash {
  readonly cost: typeof COST
  readonly salt: Buffer
  readonly hash: Buffer
}

/**
 * The password as it is hashed: however a keyboard spells `ü`, it is the same. null takes it away.
 *
 * @throws TinygridError invalid_field
 */
export function parsePassword(value: unknown, field = 'password'): string | null {
  if (value === null) return null
  if (typeof value !== 'string' || value === '') throw wrong(field, 'A password is a text')
  const password = spelt(value)
  if (password === undefined) {
    throw wrong(field, `A password has at most ${PASSWORD_LENGTH_MAX} characters of valid Unicode`)
  }
  if (CONTROL_CHARACTER.test(password)) throw wrong(field, 'A password has no control characters')
  return password
}

/** undefined: it can be no link's password. */
export function spelt(text: string): string | undefined {
  if (text.length > 4 * PASSWORD_LENGTH_MAX || !text.isWellFormed()) return undefined
  const password = text.normalize('NFC')
  return Array.from(password).length <= PASSWORD_LENGTH_MAX ? password : undefined
}

/** The hash as it is stored. @throws TinygridError invalid_field */
export function parsePasswordHash(value: unknown, field = 'passwordHash'): string {
  if (isPasswordHash(value)) return value
  throw wrong(field, 'This must be a hash as an export has it: $scrypt$ln=…,r=…,p=…$…$…')
}

export function isPasswordHash(text: unknown): text is string {
  const isShort = typeof text === 'string' && text.length <= PASSWORD_HASH_LENGTH_MAX
  return isShort && readHash(text) !== undefined
}

/** @param randomBytes for its salt */
export async function hashPassword(
  password: string,
  randomBytes: (size: number) => Buffer,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, { cost: COST, salt }, HASH_BYTES)
  const { ln, r, p } = COST
  return `$scrypt$ln=${ln},r=${r},p=${p}$${written(salt)}$${written(hash)}`
}

/** Takes as long whatever differs. @param text of a stored hash */
export async function isPassword(password: string, text: string): Promise<boolean> {
  const stored = readHash(text)
  if (stored === undefined) return false
  return timingSafeEqual(await derive(password, stored, stored.hash.length), stored.hash)
}

function readHash(text: string): PasswordHash | undefined {
  const match = WRITTEN.exec(text)
  if (match === null) return undefined
  const [ln, r, p] = match.slice(1, 4).map(Number) as [number, number, number]
  const memory = 128 * 2 ** ln * r
  if (ln < 1 || r < 1 || p < 1 || memory > MEMORY_BYTES_MAX || memory * p > WORK_MAX)
    return undefined
  const [salt, hash] = [Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64')]
  const isCanonical = written(salt) === match[4] && written(hash) === match[5]
  return isCanonical ? { cost: { ln, r, p }, salt, hash } : undefined
}

function derive(
  password: string,
  { cost: { ln, r, p }, salt }: Pick<PasswordHash, 'cost' | 'salt'>,
  length: number,
): Promise<Buffer> {
  // What scrypt needs beside its blocks is little, but counts too.
  const options = { N: 2 ** ln, r, p, maxmem: 2 * MEMORY_BYTES_MAX }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, hash) => {
      if (error === null) resolve(hash)
      else reject(error)
    })
  })
}

/** Base 64 without padding. */
function written(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
