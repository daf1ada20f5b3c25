/**
 * Kutt's links in a dump of PostgreSQL, as pg_dump writes it unless told otherwise: `COPY ... FROM stdin`.
 *
 * A row is a line, its cells between tabs, with escapes of their own. Links say their domain by its number, so the
 * table of domains is read too, which pg_dump writes before. What is between the two tables is passed over. Dumps with INSERT
 * (`--inserts`) and those of pg_dump's own formats are not read.
 */
import { CommandError } from '../command-error.ts'
import { splitLines } from '../lines.ts'

interface CopiedLink {
  readonly line: number
  readonly endByte: number
  /** Names and values; undefined: longer than a line may be. */
  readonly row: readonly (readonly [string, string])[] | undefined
}

const COPY = /^COPY (?:\w+\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;$/i
const END = '\\.'
const NULL = '\\N'
/** More have only their number. */
const DOMAINS_MAX = 100_000

/** @throws CommandError: it has no table of links */
export async function* copiedLinks(pieces: AsyncIterable<string>): AsyncGenerator<CopiedLink> {
  const domains = new Map<string, string>()
  let table = ''
  let columns: readonly string[] = []
  let hasLinks = false
  for await (const { number: line, text, endByte } of splitLines(pieces)) {
    const begun = table === '' ? COPY.exec(text ?? '') : null
    if (begun !== null) {
      table = begun[1]!.toLowerCase()
      columns = begun[2]!.split(',').map((name) => name.trim().replaceAll('"', ''))
      hasLinks ||= table === 'links'
    } else if (text === END) table = ''
    else if (table === 'links' || table === 'domains') {
      const cells = text?.split('\t').map(valueOf)
      const row = cells?.map((cell, at) => [columns[at] ?? '', cell] as const)
      if (table === 'links') yield { line, endByte, row: row && withDomain(row, domains) }
      else if (row !== undefined && domains.size < DOMAINS_MAX) {
        const { id, address } = Object.fromEntries(row)
        domains.set(id ?? '', address ?? '')
      }
    }
  }
  if (hasLinks) return
  throw new CommandError(
    'The dump has no COPY of a table "links": write it with pg_dump, in plain text',
  )
}

function withDomain(row: readonly (readonly [string, string])[], domains: Map<string, string>) {
  const number = row.find(([name]) => name === 'domain_id')?.[1] ?? ''
  const domain = number === '' ? '' : (domains.get(number) ?? `domain ${number}`)
  return [...row, ['domain', domain] as const]
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** Empty: NULL too. */
function valueOf(cell: string): string {
  if (cell === NULL) return ''
  return cell.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character)
}
