/** Options of links at random, for property tests: all that a link may have, and often none. */
import * as fc from 'fast-check'
import { toEpochMs } from '../ids.ts'
import { QUERY_FORWARDINGS, REDIRECT_STATUSES, type LinkOptions } from '../link.ts'
import type { OptionName } from '../link-options.ts'
import { SHORT_RULES } from './sample-rules.ts'

const time = fc.integer({ min: 0, max: 2 ** 45 }).map(toEpochMs)
const url = fc.webUrl().map((text) => new URL(text).href)

/** Of no password that anybody knows. */
const HASHES = [0, 1].map((byte) => {
  const hash = Buffer.alloc(32, byte).toString('base64').replaceAll('=', '')
  return `$scrypt$ln=14,r=8,p=5$${hash.slice(0, 22)}$${hash}`
})

export const NOBODYS_HASH = HASHES[0]!

type Any<T> = { readonly [Name in keyof T]-?: fc.Arbitrary<Exclude<T[Name], undefined>> }

export const ANY_OPTION: Any<Required<LinkOptions>> = {
  validFrom: time,
  redirectStatus: fc.constantFrom(...REDIRECT_STATUSES),
  expiredUrl: url,
  forwardQuery: fc.constantFrom(...QUERY_FORWARDINGS),
  passwordHash: fc.constantFrom(...HASHES),
  rules: fc.constantFrom(...SHORT_RULES),
} satisfies Record<OptionName, unknown>

export const anyOptions: fc.Arbitrary<LinkOptions> = fc.oneof(
  fc.constant({}),
  fc.record(ANY_OPTION, { requiredKeys: [] }),
)

/** What is given at random, with options at random. */
export function withAnyOptions<T extends object>(value: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.tuple(value, anyOptions).map(([one, options]) => Object.assign({}, one, options))
}
