/**
 * Lives of links, for tests of what takes links in and gives them out: made with all that a link can have, then
 * visited, changed, deleted and so on by the HTTP interface.
 */
import * as fc from 'fast-check'
import { QUERY_FORWARDINGS, REDIRECT_STATUSES } from '../links/link.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { call } from './node.ts'

/** Where the clock of a node that is told the time begins. */
export const BEGUN = Date.parse('2030-01-01T00:00:00Z')

/** A clock that lives move. */
export interface Time {
  ms: number
}

const word = fc.string({ unit: fc.constantFrom('=', "'", ',', ';', '"', '[', 'ü', '€', '😀', 'a') })
const text = word.map((one) => `${one}x`)
const deed = fc.oneof(
  fc.constantFrom('visit', 'visit', 'delete', 'restore', 'purge', 'expire', 'wait'),
  fc.record({ title: text }),
)
const RULES = [
  [{ devices: ['ios'], url: 'https://example.com/"app";' }],
  [
    {
      languages: ['de', 'pt-br'],
      countries: ['DE'],
      from: '2029-01-01T00:00:00.000Z',
      url: 'https://example.com/',
    },
    {
      to: '2031-01-01T00:00:00.000Z',
      targets: [
        { url: 'https://example.com/a,b', weight: 1 },
        { url: "https://example.com/'c", weight: 9 },
      ],
    },
  ],
]

export const life = fc.record({
  path: fc.webPath(),
  code: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/), { nil: undefined }),
  title: fc.option(text, { nil: null }),
  tags: fc.uniqueArray(text, { maxLength: 3 }),
  maxVisits: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
  isExpiring: fc.boolean(),
  redirectStatus: fc.option(fc.constantFrom(...REDIRECT_STATUSES), { nil: null }),
  forwardQuery: fc.option(fc.constantFrom(...QUERY_FORWARDINGS), { nil: null }),
  expiredUrl: fc.option(fc.webUrl(), { nil: null }),
  rules: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...RULES) },
  ),
  /** Seldom: to hash one takes long. */
  password: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('sesame') },
  ),
  opensAfterMs: fc.option(fc.integer({ min: -50_000, max: 50_000 }), { nil: null }),
  deeds: fc.array(deed, { maxLength: 6 }),
})

export type Life = typeof life extends fc.Arbitrary<infer T> ? T : never

/** A link that is made and then treated as the life says; a code that is taken is left alone. */
export async function live(
  node: Tinygrid,
  { path, code, deeds, isExpiring, opensAfterMs, ...settings }: Life,
  n: number,
  time: Time,
) {
  const expiresAt = isExpiring ? new Date(time.ms + 60_000).toISOString() : null
  const alias = code === undefined ? {} : { code: `${code}${n}`.slice(0, 8) }
  const validFrom = opensAfterMs === null ? null : new Date(time.ms + opensAfterMs).toISOString()
  const limits = { expiresAt, validFrom }
  const json = { url: `https://example.com${path}`, ...alias, ...settings, ...limits }
  const made = await call(node, '/api/links', { method: 'POST', json })
  if (made.status !== 201) return
  const route = `/api/links/${made.body.code}`
  const patch = (changes: object) => call(node, route, { method: 'PATCH', json: changes })
  for (const one of deeds) {
    if (typeof one === 'object') await patch(one)
    else if (one === 'visit') await call(node, `/${made.body.code}`)
    else if (one === 'delete') await call(node, route, { method: 'DELETE' })
    else if (one === 'purge') await call(node, `${route}?purge=true`, { method: 'DELETE' })
    else if (one === 'restore') await call(node, `${route}/restore`, { method: 'POST' })
    else if (one === 'expire') await patch({ expiresAt: new Date(time.ms - 1).toISOString() })
    else time.ms += 20_000
  }
}
