/**
 * Links with rules and links with a password, made at one node of a cluster and followed at every node.
 *
 * Used by scenarios in which partitions move: whoever owns such a link, it leads where it did, and tells
 * nothing before its password.
 */
import { randomBytes } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { hashPassword } from '../links/password-hash.ts'

/** Spread over partitions, so that some move with any node. */
const LINKS = 24
const PASSWORD = 'sesame'
const GERMAN = { 'accept-language': 'de-AT,en;q=0.5' }
const HOME = 'https://example.com/home'
const IN_GERMAN = 'https://example.com/de'

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
  const made = await program.api('/api/links/bulk', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ links }),
  })
  const { results } = (await made.json()) as { results: { status: number }[] }
  t.true(results.every(({ status }) => status === 201))
}

/** The scenario itself knows of no links but its own. */
export async function purgeSpecialLinks(t: ExecutionContext, program: Served): Promise<void> {
  for (let n = 0; n < LINKS; n++) {
    const path = `/api/links/${codeOf(n)}?purge=true`
    t.is((await program.api(path, { method: 'DELETE' })).status, 204)
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
}
