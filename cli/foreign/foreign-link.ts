/**
 * A link of another product, made into one of ours.
 *
 * Used for every form of export: a record is names and values, as text or as JSON. What is made is what a file
 * of our own would have: with a code and a time of creation a link as it was, else a link to be made. What a
 * link of ours has no place for is named, so that the person can be told: `visits` without a limit (visits
 * are counted exactly for links with `maxVisits` alone; statistics count what is followed here), what is
 * too long of a title, tags beyond those that a link may have.
 *
 * A link that asks for a password is refused: no export has the password, and without it the link would
 * be open to everybody. What is switched off becomes a deleted link, which keeps its code.
 */
import { TAG_LENGTH_MAX, TAGS_MAX, TITLE_LENGTH_MAX } from '../../links/link.ts'
import { unguardCell } from '../csv-cell.ts'
import { domainIn } from '../import-domains.ts'
import type { ItemFailure, LinkField, LinkInput } from '../link-input.ts'
import { plainName, type ForeignField, type Product } from './product.ts'

export type ForeignRecord = ReadonlyMap<string, unknown>

export type LeftOut = 'visits' | 'end of title' | 'tags' | 'creation time'

export type ForeignContent =
  | { readonly link: LinkInput; readonly leftOut: readonly LeftOut[] }
  | { readonly failure: ItemFailure }

/** Names in the product's spelling, nested members joined by dots. */
export function recordOf(entries: Iterable<readonly [string, unknown]>): ForeignRecord {
  const record = new Map<string, unknown>()
  for (const [name, value] of entries) {
    if (!isObject(value)) record.set(plainName(name), value)
    else
      for (const [inner, deep] of Object.entries(value))
        record.set(plainName(`${name}.${inner}`), deep)
  }
  return record
}

/** What a person knows it by; empty: nothing. */
export function nameOf(product: Product, record: ForeignRecord): string {
  const value = (field: ForeignField) => valueOf(record, product.fields[field] ?? [])
  return codeOf(text(value('code')), value('shortUrl'))
}

export function linkOf(product: Product, record: ForeignRecord): ForeignContent {
  const value = (field: ForeignField) => valueOf(record, product.fields[field] ?? [])
  const url = text(value('url'))
  if (url === '') return refused('missing_field', 'url', 'There is no address that it leads to')
  if (isSaid(value('password'))) {
    return refused(
      'invalid_field',
      'password',
      'It asks for a password, which the file does not have',
    )
  }
  const link: Partial<Record<LinkField, unknown>> = { url }
  const leftOut: LeftOut[] = []
  const code = codeOf(text(value('code')), value('shortUrl'))
  if (code !== '') link.code = code
  const domain = domainIn(text(value('domain')) || shortUrlIn(value('shortUrl')))
  if (domain !== '') link.domain = domain
  addText(link, leftOut, text(value('title')), tagsOf(value('tags'), product.tagSeparator))
  const wrongTime = addTimes(link, value)
  if (wrongTime !== undefined) return refused('invalid_field', ...wrongTime)
  addLimits(link, leftOut, value)
  if (isSaid(value('isOff'))) link.state = 'deleted'
  if (code === '' && link.createdAt !== undefined) {
    leftOut.push('creation time')
    for (const past of ['createdAt', 'updatedAt', 'visits', 'state'] as const) delete link[past]
  }
  return { link, leftOut }
}

type Draft = Partial<Record<LinkField, unknown>>
type ValueOf = (field: ForeignField) => unknown

function addText(link: Draft, leftOut: LeftOut[], title: string, tags: readonly string[]): void {
  const line = plainLine(title)
  const characters = Array.from(line)
  if (characters.length > TITLE_LENGTH_MAX) leftOut.push('end of title')
  if (line !== '') link.title = characters.slice(0, TITLE_LENGTH_MAX).join('')
  const fitting = tags.filter((tag) => Array.from(tag).length <= TAG_LENGTH_MAX).slice(0, TAGS_MAX)
  if (fitting.length < tags.length) leftOut.push('tags')
  if (fitting.length > 0) link.tags = fitting
}

const TIMES = ['createdAt', 'updatedAt', 'validFrom', 'expiresAt'] as const

/** @returns the field that is no time, and why */
function addTimes(link: Draft, value: ValueOf): [string, string] | undefined {
  for (const field of TIMES) {
    const given = text(value(field))
    if (given === '') continue
    const time = timeOf(given)
    if (time === undefined) return [field, `${JSON.stringify(given)} is no time that is understood`]
    link[field] = time
  }
  const { createdAt, updatedAt } = link as Record<string, string | undefined>
  // A change before the creation is somebody's clock; without a creation there is no past to tell.
  if (updatedAt !== undefined && (createdAt === undefined || updatedAt < createdAt)) {
    delete link.updatedAt
  }
  return undefined
}

function addLimits(link: Draft, leftOut: LeftOut[], value: ValueOf): void {
  const maxVisits = text(value('maxVisits'))
  if (maxVisits !== '' && maxVisits !== '0') link.maxVisits = numberOf(maxVisits)
  const visits = numberOf(text(value('visits')))
  if (typeof visits === 'number' && visits > 0) {
    if (link.maxVisits === undefined || link.createdAt === undefined) leftOut.push('visits')
    else link.visits = visits
  }
  const expiredUrl = text(value('expiredUrl'))
  if (expiredUrl !== '') link.expiredUrl = expiredUrl
  const forwards = text(value('forwardQuery')).toLowerCase()
  if (forwards === 'true' || forwards === 'false') link.forwardQuery = forwards === 'true'
}

function valueOf(record: ForeignRecord, names: readonly string[]): unknown {
  for (const name of names) {
    const value = record.get(name)
    if (value !== undefined && value !== null && value !== '' && !isEmptyList(value)) return value
  }
  return undefined
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  if (typeof value === 'string') return unguardCell(value).trim()
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function isSaid(value: unknown): boolean {
  return !['', 'false', 'f', '0', 'no', 'null'].includes(text(value).toLowerCase())
}

/** What is no number stays text, which is refused by its field. */
function numberOf(word: string): number | string {
  const plain = word.replaceAll(/[,_ ]/g, '')
  return /^\d+$/.test(plain) ? Number(plain) : word
}

/** Of several the first counts. */
function shortUrlIn(value: unknown): string {
  return text(Array.isArray(value) ? value[0] : value)
}

function codeOf(code: string, shortUrl: unknown): string {
  if (code !== '') return code.replace(/^\/+/, '')
  const path = /^(?:[a-z]+:\/\/)?[^/]*\/([^?#]*)/i.exec(shortUrlIn(shortUrl))?.[1] ?? ''
  try {
    return decodeURIComponent(path).replace(/\/$/, '')
  } catch {
    return path
  }
}

function tagsOf(value: unknown, separator = ','): string[] {
  const parts: readonly unknown[] = Array.isArray(value) ? value : listIn(text(value), separator)
  const names = parts.map((tag) =>
    plainLine(text(isObject(tag) ? (tag['name'] ?? tag['tag']) : tag)),
  )
  return [...new Set(names.filter((name) => name !== ''))]
}

/** No title or tag of ours has a line break or a tab: better a space there than no link. */
function plainLine(words: string): string {
  return words.toWellFormed().replaceAll(CONTROLS, ' ').trim()
}

const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu

/** Spreadsheets and products differ in what they put between tags; a list in brackets is JSON. */
function listIn(cell: string, separator: string): readonly unknown[] {
  if (cell.startsWith('[')) {
    try {
      return JSON.parse(cell) as unknown[]
    } catch {
      // Then it is a tag that begins so.
    }
  }
  return cell.split(cell.includes(separator) ? separator : ';')
}

/** Longer than a year in seconds, and shorter than one in milliseconds since 1970 in 1973. */
const SECONDS_MAX = 1e11
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/
const WITH_ZONE = /(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\)?$/i
/** As PostgreSQL writes it: `2024-05-01 10:00:00.5+00`. */
const SHORT_ZONE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d)$/

/** As ISO 8601 in UTC. A time without a zone is one of UTC: exports are made by servers. */
function timeOf(written: string): string | undefined {
  const given = written.replace(SHORT_ZONE, '$1T$2:00')
  let ms: number
  if (/^\d+$/.test(given)) ms = Number(given) < SECONDS_MAX ? Number(given) * 1000 : Number(given)
  else if (WITHOUT_ZONE.test(given)) {
    ms = Date.parse(given.length > 10 ? `${given.replace(' ', 'T')}Z` : given)
  } else ms = Date.parse(WITH_ZONE.test(given) ? given : `${given} UTC`)
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString()
}

function refused(code: string, field: string, detail: string): ForeignContent {
  return { failure: { code, field, detail } }
}
