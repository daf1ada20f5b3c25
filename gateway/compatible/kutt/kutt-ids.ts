/**
 * Ids of links and domains as Kutt's clients want them: UUIDs, from which domain and code can be read again. Pure.
 *
 * Made of the plain code, as a number, and a mark of its domain, in the free bits of a UUID of version 8 (RFC 9562):
 * the same on every node and after every start, with nothing kept for it. A code of more than SHORT_LENGTH_MAX
 * characters is too long for that, so its id is no UUID but the code itself behind a `~`; so it is on a domain whose
 * mark another one has. Rejected: random UUIDs, which would have to be kept for every link that there is.
 */
import { createHash } from 'node:crypto'
import {
  domainOf,
  fullCode,
  parseFullCode,
  plainCodeOf,
  type Domain,
} from '../../../links/full-code.ts'
import { parseCode, type Code } from '../../../links/ids.ts'

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** One more than there are digits: none of them is 0, so that leading ones count. */
const BASE = 65n
/** BASE to this power is below 2 to CODE_BITS. */
const SHORT_LENGTH_MAX = 15
const CODE_BITS = 92n
const MARK_BITS = 30
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
/** Of a UUID, behind the bits of its variant. */
const TAIL_BITS = 62n
const LONG = '~'

export class KuttIds {
  /** Invariant: each domain once, with its own mark; null is the default one. */
  readonly #domains = new Map<number, Domain | null>([[0, null]])
  /** All that the service has. */
  readonly #known: ReadonlySet<Domain | null>

  constructor(domains: readonly Domain[]) {
    this.#known = new Set([null, ...domains])
    for (const domain of domains) {
      const mark = markOf(domain)
      if (!this.#domains.has(mark)) this.#domains.set(mark, domain)
    }
  }

  idOf(code: Code): string {
    const domain = domainOf(code)
    const plain = plainCodeOf(code)
    const short = plain.length <= SHORT_LENGTH_MAX ? this.#uuidOf(domain, plain) : undefined
    return short ?? LONG + code.replace('/', LONG)
  }

  /** Of a domain itself: that of a code without a character. */
  idOfDomain(domain: Domain): string {
    return this.#uuidOf(domain, '') ?? LONG + domain
  }

  /** The full code of the link that has this id; undefined: no link could have it. */
  codeOf(id: string): Code | undefined {
    if (id.startsWith(LONG)) return this.#codeOfLong(id.slice(LONG.length))
    if (!UUID.test(id)) return undefined
    const hex = id.replaceAll('-', '')
    const head = BigInt(`0x${hex.slice(0, 12)}${hex.slice(13, 16)}`)
    const value = (head << TAIL_BITS) | lowest(TAIL_BITS, BigInt(`0x${hex.slice(16)}`))
    const domain = this.#domains.get(Number(value >> CODE_BITS))
    const code = parseCode(textOf(lowest(CODE_BITS, value)))
    return domain === undefined || code === undefined ? undefined : fullCode(domain, code)
  }

  #codeOfLong(text: string): Code | undefined {
    const code = parseFullCode(text.replace(LONG, '/'))
    return code !== undefined && this.#known.has(domainOf(code)) ? code : undefined
  }

  #uuidOf(domain: Domain | null, plain: string): string | undefined {
    const mark = domain === null ? 0 : markOf(domain)
    if (this.#domains.get(mark) !== domain) return undefined
    const value = (BigInt(mark) << CODE_BITS) | numberOf(plain)
    const head = hexOf(value >> TAIL_BITS, 15)
    const tail = hexOf(lowest(TAIL_BITS, value) | (0b10n << TAIL_BITS), 16)
    const parts = [head.slice(0, 8), head.slice(8, 12), `8${head.slice(12)}`]
    return [...parts, tail.slice(0, 4), tail.slice(4)].join('-')
  }
}

function markOf(domain: Domain): number {
  return createHash('sha256').update(domain).digest().readUInt32BE(0) >>> (32 - MARK_BITS)
}

/** The first character has the lowest place. */
function numberOf(plain: string): bigint {
  return plain
    .split('')
    .reduceRight((value, sign) => value * BASE + BigInt(DIGITS.indexOf(sign) + 1), 0n)
}

/** Empty where it is no number of a code. */
function textOf(number: bigint): string {
  let text = ''
  for (let rest = number; rest > 0n; rest /= BASE) {
    const digit = Number(rest % BASE)
    if (digit === 0) return ''
    text += DIGITS[digit - 1]!
  }
  return text
}

function lowest(bits: bigint, value: bigint): bigint {
  return value & ((1n << bits) - 1n)
}

function hexOf(value: bigint, length: number): string {
  return value.toString(16).padStart(length, '0')
}
