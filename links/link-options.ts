/**
 * What few links have beyond a target, a title and limits: one table with all that there is to know.
 *
 * An option that a link does not have is left out of it, so that a link without any is as it always
 * was: in memory, in its bytes, in messages between nodes and in its entity tag. In a record the
 * options are one block at its end (`link-record.ts`), big-endian:
 *
 *   u16  length of what follows
 *   u16  which options there are, by their bits
 *        each of them, in the order of the table: as many bytes as its layout says, or u16 length and bytes
 *
 * A further option is a field of `LinkOptions` (`link.ts`), a row here, a row in the gateway's table
 * (`gateway/api/link-option-fields.ts`) and one in the importer's (`cli/link-input.ts`); the compiler names
 * the last three. A bit that is not known makes a record unreadable: an option of a newer version may be
 * one that keeps visitors away, so passing it over would be wrong. Rejected: an object of its own in the
 * link, which every copy of a link would have to remember.
 */
import assert from 'node:assert/strict'
import { TinygridError } from './errors.ts'
import { isEpochMs, type EpochMs } from './ids.ts'
import {
  EXPIRED_URL_BYTES_MAX,
  QUERY_FORWARDINGS,
  REDIRECT_STATUSES,
  type LinkOptions,
  type QueryForwarding,
  type RedirectStatus,
} from './link.ts'
import { isPasswordHash, parsePasswordHash } from './password-hash.ts'
import type { RedirectRule } from './redirect-rules.ts'
import { areStoredRules, formatRules, parseRules, readRules } from './rule-fields.ts'
import { isStoredUrl, parseTargetUrl, SAFE_TARGETS, type TargetRules } from './target-url.ts'

export type OptionName = keyof LinkOptions

/** Fields left out stay as they are; null takes an option away. */
export type OptionChanges = { readonly [Name in OptionName]?: LinkOptions[Name] | null }

interface Layout<T> {
  /** Bytes; undefined: it differs, and stands before them. */
  readonly length: number | undefined
  write(value: T): Buffer
  read(bytes: Buffer): T
}

interface Option<T> {
  /** Never given to another option. */
  readonly bit: number
  readonly layout: Layout<T>
  /** The value as it is kept, for which it is given again. @throws TinygridError invalid_field */
  parse(value: unknown, field: string, targets: TargetRules): T
  /** Whether it can have been made by `parse`: a cheap look at what is stored, or another node says. */
  isKept(value: unknown): boolean
}

const TIME: Layout<EpochMs> = {
  length: 6,
  write(value) {
    const bytes = Buffer.allocUnsafe(6)
    bytes.writeUIntBE(value, 0, 6)
    return bytes
  },
  read: (bytes) => bytes.readUIntBE(0, 6) as EpochMs,
}

const STATUS: Layout<RedirectStatus> = {
  length: 2,
  write: (value) => Buffer.of(value >> 8, value & 0xff),
  read: (bytes) => bytes.readUInt16BE(0) as RedirectStatus,
}

/** Their places in QUERY_FORWARDINGS never change. */
const FORWARDING: Layout<QueryForwarding> = {
  length: 1,
  write: (value) => Buffer.of(QUERY_FORWARDINGS.indexOf(value)),
  read: (bytes) => QUERY_FORWARDINGS[bytes[0]!]!,
}

const TEXT: Layout<string> = {
  length: undefined,
  write: (value) => Buffer.from(value),
  read: (bytes) => bytes.toString(),
}

const RULES: Layout<readonly RedirectRule[]> = {
  length: undefined,
  write: (value) => Buffer.from(formatRules(value)),
  read: (bytes) => readRules(bytes.toString()),
}

const OPTIONS: { readonly [Name in OptionName]-?: Option<NonNullable<LinkOptions[Name]>> } = {
  validFrom: { bit: 1, layout: TIME, parse: parseValidFrom, isKept: isEpochMs },
  redirectStatus: { bit: 2, layout: STATUS, parse: parseStatus, isKept: isStatus },
  expiredUrl: { bit: 4, layout: TEXT, parse: parseExpiredUrl, isKept: isExpiredUrl },
  forwardQuery: {
    bit: 8,
    layout: FORWARDING,
    parse: parseForwarding,
    isKept: isQueryForwarding,
  },
  passwordHash: { bit: 16, layout: TEXT, parse: parsePasswordHash, isKept: isPasswordHash },
  rules: { bit: 32, layout: RULES, parse: parseRulesOption, isKept: areStoredRules },
}

/** In the order in which they stand in a record. */
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[]
const TABLE = Object.entries<Option<unknown>>(OPTIONS) as [OptionName, Option<unknown>][]
const KNOWN_BITS = TABLE.reduce((bits, [, { bit }]) => bits | bit, 0)

/**
 * Of all options of a link together. With the longest URL, title and tags a record still fits into an entry
 * of the log, whose lengths are u16.
 */
const OPTIONS_BYTES_MAX = 28 * 1024

const LENGTH_BYTES = 2
const HEAD_BYTES = 4

/** Whether a link, or what is asked for, has any. */
export function hasOptions(link: LinkOptions): boolean {
  return OPTION_NAMES.some((name) => link[name] !== undefined)
}

/** The options that it has, and nothing else of it; always in the same order. */
export function optionsOf(link: LinkOptions): LinkOptions {
  return Object.fromEntries(
    OPTION_NAMES.filter((name) => link[name] !== undefined).map((name) => [name, link[name]]),
  )
}

/** The link with these options changed. */
export function withOptions<T extends LinkOptions>(link: T, changes: OptionChanges): T {
  const changed = { ...link } as Record<string, unknown>
  for (const name of OPTION_NAMES) {
    if (changes[name] === null) delete changed[name]
    else if (changes[name] !== undefined) changed[name] = changes[name]
  }
  return changed as T
}

type Given = Readonly<Partial<Record<OptionName, unknown>>>

/**
 * The options in a request; null is none.
 *
 * @param prefix what stands before the names of fields
 * @param targets what URLs may be; by default what owners take
 * @throws TinygridError invalid_field
 */
export function parseOptions(
  given: Given,
  prefix = '',
  targets: TargetRules = SAFE_TARGETS,
): LinkOptions {
  return withOptions({}, parseOptionChanges(given, prefix, targets))
}

/** @throws TinygridError invalid_field */
export function parseOptionChanges(
  given: Given,
  prefix = '',
  targets: TargetRules = SAFE_TARGETS,
): OptionChanges {
  const changes: Record<string, unknown> = {}
  for (const [name, option] of TABLE) {
    const value = given[name]
    if (value === undefined) continue
    changes[name] = value === null ? null : option.parse(value, prefix + name, targets)
  }
  return changes
}

/** Whether all options among the fields of another node's answer can be some. */
export function areOptions(given: Given): boolean {
  return TABLE.every(([name, option]) => {
    return given[name] === undefined || option.isKept(given[name])
  })
}

/** The block of a link's options; undefined: it has none. */
export function encodeOptions(link: LinkOptions): Buffer | undefined {
  if (!hasOptions(link)) return undefined
  assert(areOptions(link), 'a link has an option that cannot be')
  let bits = 0
  const parts: Buffer[] = [Buffer.alloc(HEAD_BYTES)]
  for (const [name, { bit, layout }] of TABLE) {
    if (link[name] === undefined) continue
    const value = layout.write(link[name])
    bits |= bit
    if (layout.length === undefined) parts.push(Buffer.of(value.length >> 8, value.length & 0xff))
    parts.push(value)
  }
  const block = Buffer.concat(parts)
  assert(block.length <= OPTIONS_BYTES_MAX, 'the options of a link are too long')
  block.writeUInt16BE(block.length - LENGTH_BYTES, 0)
  block.writeUInt16BE(bits, LENGTH_BYTES)
  return block
}

/** Bytes of the block at `at`, as it says itself. */
export function optionsLength(bytes: Buffer, at: number): number {
  return LENGTH_BYTES + bytes.readUInt16BE(at)
}

/** The options in the block at `at`, of a record. */
export function decodeOptions(bytes: Buffer, at: number): LinkOptions {
  return readOptions(bytes, at, readWhole)
}

/** The same, but for the rules, which take long to read: a look-up only asks whether there are some. */
export function optionsForLookup(bytes: Buffer, at: number): LinkOptions {
  return readOptions(bytes, at, readUnlessRules)
}

const SOME_RULES: LinkOptions['rules'] = Object.freeze([])

type ReadOption = (name: OptionName, layout: Layout<unknown>, bytes: Buffer) => unknown

const readWhole: ReadOption = (_name, layout, bytes) => layout.read(bytes)
const readUnlessRules: ReadOption = (name, layout, bytes) =>
  name === 'rules' ? SOME_RULES : layout.read(bytes)

function readOptions(bytes: Buffer, at: number, read: ReadOption): LinkOptions {
  const options: Record<string, unknown> = {}
  const bits = bytes.readUInt16BE(at + LENGTH_BYTES)
  let from = at + HEAD_BYTES
  for (const [name, { bit, layout }] of TABLE) {
    if ((bits & bit) === 0) continue
    const start = layout.length === undefined ? from + LENGTH_BYTES : from
    from = start + (layout.length ?? bytes.readUInt16BE(from))
    options[name] = read(name, layout, bytes.subarray(start, from))
  }
  return options
}

/** Whether the block at `at` is one that `encodeOptions` has made, of options that can be. */
export function isOptionBlock(bytes: Buffer, at: number): boolean {
  const block = bytes.subarray(at, at + optionsLength(bytes, at))
  if (block.length < HEAD_BYTES || block.length > OPTIONS_BYTES_MAX) return false
  if ((block.readUInt16BE(LENGTH_BYTES) & ~KNOWN_BITS) !== 0) return false
  try {
    const options = decodeOptions(block, 0)
    return areOptions(options) && encodeOptions(options)?.equals(block) === true
  } catch {
    return false
  }
}

function parseValidFrom(value: unknown, field: string): EpochMs {
  if (isEpochMs(value)) return value
  throw wrong(field, 'This must be a time in milliseconds since 1970, or null')
}

function parseStatus(value: unknown, field: string): RedirectStatus {
  if (isStatus(value)) return value
  throw wrong(field, `This must be one of ${REDIRECT_STATUSES.join(', ')}, or null`)
}

function parseForwarding(value: unknown, field: string): QueryForwarding {
  if (isQueryForwarding(value)) return value
  throw wrong(field, 'This must be true, false or "override", or null')
}

export function isQueryForwarding(value: unknown): value is QueryForwarding {
  return QUERY_FORWARDINGS.some((known) => known === value)
}

function isStatus(value: unknown): value is RedirectStatus {
  return REDIRECT_STATUSES.some((status) => status === value)
}

function parseExpiredUrl(value: unknown, field: string, targets: TargetRules): string {
  const url = parseTargetUrl(value, targets, field)
  if (url.length <= EXPIRED_URL_BYTES_MAX) return url
  throw wrong(
    field,
    `The URL has ${url.length} bytes; at most ${EXPIRED_URL_BYTES_MAX} are allowed`,
  )
}

function parseRulesOption(value: unknown, field: string, targets: TargetRules): RedirectRule[] {
  return parseRules(value, (url, at) => parseTargetUrl(url, targets, at), field)
}

function isExpiredUrl(value: unknown): boolean {
  return typeof value === 'string' && value.length <= EXPIRED_URL_BYTES_MAX && isStoredUrl(value)
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
