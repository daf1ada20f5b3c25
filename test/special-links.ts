/**
 * Links with rules, with a password, with a long URL or on another domain, made at one node of a cluster and
 * followed at every node, with a slash or a query behind their codes, and in any case where the cluster has no
 * regard to it.
 *
 * Used by scenarios in which partitions move: whoever owns such a link, it leads where it did, and tells
 * nothing before its password.
 */
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import type { ExecutionContext } from 'ava'
import { hashPassword } from '../links/password-hash.ts'

/** Spread over partitions, so that some move with any node. */
const LINKS = 24
const PASSWORD = 'sesame'
const GERMAN = { 'accept-language': 'de-AT,en;q=0.5' }
const HOME = 'https://example.com/home'
const IN_GERMAN = 'https://example.com/de'

/** Bytes of URLs: the longest by default, and the longest of all. */
const LONG_URLS = [8_192, 32_000]
const LONG_LINKS = 8
/** More than the longest URL with a query. */
const HEADER_BYTES_MAX = 65_536
/** For nodes that special links are made at. */
export const SPECIAL_ENV = {
  TINYGRID_CODE_CASE: 'insensitive',
  TINYGRID_URL_BYTES_MAX: '32000',
  TINYGRID_BASE_URL: 'https://sho.rt',
  TINYGRID_DOMAINS: 'go.example,s.example',
}
/** With the codes that links on the default domain have. */
const DOMAIN = 'go.example'

const longCodeOf = (n: number) => `Long-${n}`
const longUrlOf = (n: number) => {
  const start = `https://example.com/${n}/?own=1&x=`
  return start.padEnd(LONG_URLS[n % LONG_URLS.length]!, 'x')
}
const elsewhereOf = (n: number) => `https://example.com/elsewhere/${n}`
const codeOf = (n: number) => `${n % 2 === 0 ? 'ruled' : 'locked'}-${n}`

interface Served {
  readonly url: string
  api(path: string, init?: RequestInit): Promise<Response>
}

export async function makeSpecialLinks(t: ExecutionContext, program: Served): Promise<void> {
  const passwordHash = await hashPassword(PASSWORD, randomBytes)
  const rules = [{ languages: ['de'], url: IN_GERMAN }]
  const links = Array.from({ length: LINKS }, (_, n) => {
    const link = { url: HOME, rules, createdAt: '2030-01-01T00:00:00Z' }
    return n % 2 === 0 ? { ...link, code: codeOf(n) } : { ...link, code: codeOf(n), passwordHash }
  })
  const long = Array.from({ length: LONG_LINKS }, (_, n) => ({
    url: longUrlOf(n),
    code: longCodeOf(n),
  }))
  const elsewhere = Array.from({ length: LINKS }, (_, n) => {
    const createdAt = '2030-01-01T00:00:00Z'
    return { url: elsewhereOf(n), code: codeOf(n), domain: DOMAIN, createdAt }
  })
  const made = await program.api('/api/links/bulk', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ links: [...links, ...long, ...elsewhere] }),
  })
  const { results } = (await made.json()) as { results: { status: number }[] }
  t.true(results.every(({ status }) => status === 201))
}

/** The scenario itself knows of no links but its own. */
export async function purgeSpecialLinks(t: ExecutionContext, program: Served): Promise<void> {
  const long = Array.from({ length: LONG_LINKS }, (_, n) => longCodeOf(n))
  for (const code of [...Array.from({ length: LINKS }, (_, n) => codeOf(n)), ...long]) {
    const path = `/api/links/${code}?purge=true`
    t.is((await program.api(path, { method: 'DELETE' })).status, 204)
    if (long.includes(code)) continue
    const other = `${path}&domain=${DOMAIN}`
    t.is((await program.api(other, { method: 'DELETE' })).status, 204)
  }
}

export async function followSpecialLinks(t: ExecutionContext, { url }: Served): Promise<void> {
  const ask = (code: string, init: RequestInit = {}) =>
    fetch(`${url}/${code}`, { redirect: 'manual', ...init })
  const form = {
    method: 'POST',
    body: new URLSearchParams({ password: PASSWORD }),
    headers: GERMAN,
  }
  for (let n = 0; n < LINKS; n += 2) {
    t.is((await ask(codeOf(n), { headers: GERMAN })).headers.get('location'), IN_GERMAN)
    t.is((await ask(codeOf(n))).headers.get('location'), HOME)
    const asked = await ask(codeOf(n + 1), { headers: GERMAN })
    t.deepEqual([asked.status, asked.headers.get('location')], [200, null])
    t.false((await asked.text()).includes('example.com'))
  }
  const opened = await ask(codeOf(1), form)
  t.deepEqual([opened.status, opened.headers.get('location')], [303, IN_GERMAN])
  await followLongLinks(t, url)
  await followElsewhere(t, url)
}

/** By the fast path, and by Node's server. */
async function followLongLinks(t: ExecutionContext, url: string): Promise<void> {
  for (let n = 0; n < LONG_LINKS; n++) {
    const code = longCodeOf(n)
    const target = longUrlOf(n)
    for (const headers of [{}, { TE: 'trailers' }]) {
      const locationIn = (path: string) => locationOf(`${url}/${path}`, headers)
      t.is(await locationIn(code), target)
      t.is(await locationIn(`${code.toUpperCase()}/`), target)
      t.is(await locationIn(`${code.toLowerCase()}?own=2&from=here`), `${target}&from=here`)
    }
  }
}

/** By the fast path, and by Node's server. */
async function followElsewhere(t: ExecutionContext, url: string): Promise<void> {
  for (let n = 0; n < LINKS; n += 3) {
    for (const more of [{}, { TE: 'trailers' }]) {
      const locationOn = (host: string) => locationOf(`${url}/${codeOf(n)}`, { host, ...more })
      t.is(await locationOn(DOMAIN), elsewhereOf(n))
      t.is(await locationOn('s.example'), undefined)
    }
  }
}

/** `fetch` takes no header as long as this one, and no host. */
function locationOf(url: string, headers: http.OutgoingHttpHeaders) {
  return new Promise<string | undefined>((resolve, reject) => {
    const request = http.get(url, { headers, maxHeaderSize: HEADER_BYTES_MAX }, (response) => {
      response.resume()
      resolve(response.headers.location)
    })
    request.on('error', reject)
  })
}
