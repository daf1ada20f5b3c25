/**
 * An input that another product has exported: which product it is, and its links one by one.
 *
 * The form (CSV, JSON, SQL, SQLite) is seen in the first bytes, the product in the names of the first record;
 * `--from` decides where somebody names it. What has a `url` column and no names of a product is a file
 * of our own, so that no such file changes its meaning. Not recognised means not touched.
 */
import { CommandError } from '../command-error.ts'
import { delimiterOfNames } from '../csv-layout.ts'
import { readFirstLine, recordsOf } from '../csv-records.ts'
import { LINE_BYTES_MAX } from '../lines.ts'
import type { InputItem } from '../link-input.ts'
import { linkOf, nameOf, recordOf, type ForeignRecord } from './foreign-link.ts'
import { copiedLinks } from './copied-links.ts'
import { jsonRecords, jsonRecordsIn } from './json-records.ts'
import { PRODUCTS, productNamed, productOf, type Product } from './product.ts'
import { sqlRows } from './sql-rows.ts'
import { SQLITE_HEAD, sqliteRows } from './sqlite-rows.ts'

export type ForeignForm = 'csv' | 'json' | 'sql' | 'sqlite'

export interface ForeignInput {
  readonly product: Product
  readonly form: ForeignForm
}

/** The name of a plain list, which is no product but can be asked for like one. */
export const PLAIN_LIST = 'list'
export const SOURCE_NAMES: readonly string[] = [...PRODUCTS.map(({ name }) => name), PLAIN_LIST]

const SQL_HEAD = /^\s*(?:--|\/\*|INSERT\s|CREATE\s|SET\s|DROP\s|START\s)/i

const POSTGRES = /^-- PostgreSQL database dump/m
const KUTT_TABLE = /\b(?:TABLE|COPY)\s+(?:\w+\.)?["`]?links["`]?\s/

/** @param head the beginning of the input; undefined: it is ours */
export function foreignInputOf(head: string, from: string | undefined): ForeignInput | undefined {
  if (from === PLAIN_LIST) return undefined
  const form = formOf(head)
  const named = from === undefined ? undefined : productNamed(from)
  if (named !== undefined) return { product: named, form }
  const product = recognised(head, form)
  return product === undefined ? undefined : { product, form }
}

function formOf(head: string): ForeignForm {
  if (head.startsWith(SQLITE_HEAD)) return 'sqlite'
  if (/^\s*[[{]/.test(head)) return 'json'
  return SQL_HEAD.test(head) ? 'sql' : 'csv'
}

function recognised(head: string, form: ForeignForm): Product | undefined {
  if (form === 'sqlite') return productNamed(KUTT_TABLE.test(head) ? 'kutt' : 'chhoto')
  if (form === 'sql') {
    if (POSTGRES.test(head)) return KUTT_TABLE.test(head) ? productNamed('kutt') : undefined
    return /(?:INTO|TABLE)\s[^;]{0,200}url/i.test(head) ? productNamed('yourls') : undefined
  }
  if (form === 'json') {
    const first = jsonRecordsIn(head)[0]?.text
    return first === undefined ? undefined : productOf([...recordOf(membersOf(first) ?? []).keys()])
  }
  const first = head.split(/[\r\n]+/).find((line) => line.trim() !== '') ?? ''
  const names = delimiterOfNames(first, (cells) => productOf(cells) !== undefined)
  return names === undefined ? undefined : productOf(names.cells)
}

/** @param path for SQLite, which is not read as a stream */
export function readForeign(
  { product, form }: ForeignInput,
  pieces: AsyncIterable<string>,
  path: string,
): AsyncGenerator<InputItem> {
  if (form === 'sqlite') return fromSqlite(product, path)
  if (form === 'sql')
    return product.name === 'kutt' ? fromCopy(product, pieces) : fromSql(product, pieces)
  return form === 'json' ? fromJson(product, pieces) : fromCsv(product, pieces)
}

async function* fromCsv(
  product: Product,
  pieces: AsyncIterable<string>,
): AsyncGenerator<InputItem> {
  const { first, all } = await readFirstLine(pieces)
  const layout = delimiterOfNames(first, (cells) => hasUrl(product, cells))
  if (layout === undefined) {
    const wanted = product.fields.url!.join(' or ')
    throw new CommandError(`The file has no column ${wanted}, as an export of ${product.title} has`)
  }
  let columns: readonly string[] | undefined
  for await (const { cells, line, endByte } of recordsOf(all, layout.delimiter)) {
    if (columns === undefined) columns = cells
    else yield itemOf(product, recordOf(pairs(columns, cells)), { line, endByte })
  }
}

function hasUrl(product: Product, cells: readonly string[]): boolean {
  const record = recordOf(cells.map((cell) => [cell, true]))
  return product.fields.url!.some((name) => record.has(name))
}

async function* fromJson(
  product: Product,
  pieces: AsyncIterable<string>,
): AsyncGenerator<InputItem> {
  for await (const { line, endByte, text } of jsonRecords(pieces)) {
    const members = text === undefined ? undefined : membersOf(text)
    if (members !== undefined) yield itemOf(product, recordOf(members), { line, endByte })
    else {
      const detail = text === undefined ? TOO_LONG : 'Not JSON'
      const content = { failure: { code: 'invalid_json', detail } }
      yield { line, endByte, content, columnOf: noColumn }
    }
  }
}

async function* fromCopy(
  product: Product,
  pieces: AsyncIterable<string>,
): AsyncGenerator<InputItem> {
  for await (const { line, endByte, row } of copiedLinks(pieces)) {
    if (row !== undefined) yield itemOf(product, recordOf(row), { line, endByte })
    else {
      const content = { failure: { code: 'invalid_field', detail: TOO_LONG } }
      yield { line, endByte, content, columnOf: noColumn }
    }
  }
}

const TOO_LONG = `A record of more than ${LINE_BYTES_MAX} characters`

async function* fromSql(
  product: Product,
  pieces: AsyncIterable<string>,
): AsyncGenerator<InputItem> {
  for await (const { line, endByte, columns, cells } of sqlRows(pieces)) {
    yield itemOf(product, recordOf(pairs(columns, cells)), { line, endByte })
  }
}

/** Rows of a table have no lines: they are numbered. Their bytes are those of what is sent. */
async function* fromSqlite(product: Product, path: string): AsyncGenerator<InputItem> {
  const { title, sqlite: query } = product
  if (query === undefined)
    throw new CommandError(`${title} keeps no links in SQLite that are known`)
  let line = 0
  let endByte = 0
  for await (const row of sqliteRows(path, query)) {
    endByte += Buffer.byteLength(JSON.stringify(Object.values(row)))
    yield itemOf(product, recordOf(Object.entries(row)), { line: ++line, endByte })
  }
}

function itemOf(
  product: Product,
  record: ForeignRecord,
  place: Pick<InputItem, 'line' | 'endByte'>,
): InputItem {
  return {
    ...place,
    name: nameOf(product, record),
    content: linkOf(product, record),
    columnOf: noColumn,
  }
}

/** Fields of ours have no column of their name there. */
function noColumn(): undefined {
  return undefined
}

function pairs(names: readonly string[], cells: readonly string[]): [string, string][] {
  return cells.map((cell, at) => [names[at] ?? '', cell])
}

function membersOf(text: string): [string, unknown][] | undefined {
  try {
    return Object.entries(JSON.parse(text) as object)
  } catch {
    return undefined
  }
}
