/**
 * What a dry run tells of an input: what would be made, what is there twice, what is refused and why.
 *
 * Each kind is counted whole and shown by its first lines. What an earlier line of the same input has is
 * remembered for LINKS_REMEMBERED_MAX links; beyond that, only lines by themselves are judged, and it says so.
 */
import { createHash } from 'node:crypto'
import { adaptedCode, codeFault } from './code-change.ts'
import { faultOfLink } from './link-check.ts'
import type { ImportDomains } from './import-domains.ts'
import { placeOf, type InputItem, type ItemFailure, type LinkInput } from './link-input.ts'

/** Some 200 MB of memory. */
const LINKS_REMEMBERED_MAX = 1_000_000

interface Kind {
  count: number
  readonly first: string[]
}

export interface ReportOptions {
  /** How many lines of each kind are shown. */
  readonly shown: number
  readonly adaptsCodes: boolean
  readonly domains: ImportDomains
  readonly now: number
  /** Makes a sentence of a failure, with its place. */
  readonly sentenceOf: (item: InputItem, failure: ItemFailure) => string
}

export class ImportReport {
  readonly #options: ReportOptions
  readonly #codes = new Map<string, string>()
  /** Codes in small letters, and the first one spelt so. */
  readonly #folded = new Map<string, string>()
  readonly #urls = new Set<string>()
  readonly #kinds = new Map<string, Kind>()
  #made = 0
  #reused = 0
  #refused = 0

  constructor(options: ReportOptions) {
    this.#options = options
  }

  get refused(): number {
    return this.#refused
  }

  add(item: InputItem): void {
    const { content } = item
    if (!('link' in content)) return this.#refuse(item, content.failure)
    for (const what of content.leftOut ?? []) {
      this.#note(`Left out, because a link has no place for it: ${what}`, placeOf(item))
    }
    const link = this.#withCode(item, content.link)
    if (link === undefined) return
    const failure = faultOfLink(link, this.#options.now)
    if (failure !== undefined) this.#refuse(item, failure)
    else this.#place(item, link)
  }

  /** The link with the code that it would be sent with; undefined: it is refused for its code. */
  #withCode(item: InputItem, link: LinkInput): LinkInput | undefined {
    const { code } = link
    const fault = typeof code === 'string' ? codeFault(code) : undefined
    if (typeof code !== 'string' || fault === undefined) return link
    const adapted = adaptedCode(code)
    const shown = JSON.stringify(code)
    const { adaptsCodes } = this.#options
    const how = adaptsCodes ? `becomes ${adapted}` : `--adapt-codes makes ${adapted} of it`
    this.#note(`Codes that must change: ${fault}`, `Line ${item.line}: ${shown} ${how}`)
    if (adaptsCodes) return { ...link, code: adapted }
    this.#refused++
    return undefined
  }

  #place(item: InputItem, link: LinkInput): void {
    const code = typeof link.code === 'string' ? this.#fullCode(link.code, link.domain) : undefined
    const url = digestOf(String(link.url))
    if (code === undefined) {
      const isPlain = Object.keys(link).length === 1
      if (isPlain && this.#urls.has(url)) this.#reused++
      else this.#made++
      if (isPlain && this.#remembers()) this.#urls.add(url)
      return
    }
    const before = this.#codes.get(code)
    if (before === url) this.#reused++
    else if (before !== undefined) {
      this.#refused++
      this.#note('Codes that must change: an earlier line has it', `Line ${item.line}: ${code}`)
    } else {
      this.#made++
      this.#noteCase(item, code)
      if (this.#remembers()) this.#codes.set(code, url)
    }
  }

  /** Domains that are not named alike are not the same, as none are mixed unasked. */
  #fullCode(code: string, domain: unknown): string {
    const named = this.#options.domains.nameOf(domain)
    return named === '' ? code : `${named}/${code}`
  }

  #noteCase(item: InputItem, code: string): void {
    const folded = code.toLowerCase()
    const other = this.#folded.get(folded)
    if (other === undefined) {
      if (this.#remembers()) this.#folded.set(folded, code)
    } else {
      const kind = 'Codes that must change where case does not matter (TINYGRID_CODE_CASE)'
      this.#note(kind, `Line ${item.line}: ${code}, as there is ${other}`)
    }
  }

  #remembers(): boolean {
    return this.#codes.size + this.#urls.size < LINKS_REMEMBERED_MAX
  }

  #refuse(item: InputItem, failure: ItemFailure): void {
    this.#refused++
    const field = failure.field === undefined ? '' : `, ${failure.field}`
    this.#note(`Refused: ${failure.code}${field}`, this.#options.sentenceOf(item, failure))
  }

  #note(name: string, line: string): void {
    const kind = this.#kinds.get(name) ?? { count: 0, first: [] }
    kind.count++
    if (kind.first.length < this.#options.shown) kind.first.push(line)
    this.#kinds.set(name, kind)
  }

  /** The same as a program reads it. */
  json(source: string | undefined): unknown {
    const kinds = [...this.#kinds].map(([name, { count, first }]) => ({ name, count, first }))
    const counts = { made: this.#made, reused: this.#reused, refused: this.#refused }
    return { ...counts, source: source ?? null, domains: this.#options.domains.told(), kinds }
  }

  /** @param source what the input was taken for, if it is another product's */
  text(source: string | undefined): string {
    const total = this.#made + this.#reused + this.#refused
    const lines = source === undefined ? [] : [`Read as an export of ${source}.`]
    lines.push(
      `${total} links: ${this.#made} would be made, ${this.#reused} are there twice and would be ` +
        `reused, ${this.#refused} would be refused.`,
    )
    lines.push(...this.#domainLines())
    for (const [name, { count, first }] of [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push('', `${name} (${count})`, ...first.map((line) => `  ${line}`))
      if (count > first.length) lines.push(`  and ${count - first.length} more`)
    }
    if (!this.#remembers())
      lines.push('', `Twins are told among ${LINKS_REMEMBERED_MAX} links alone.`)
    lines.push('', 'Nothing was sent; what the server has already it was not asked.')
    return lines.join('\n')
  }

  /** Nothing where none is named. */
  #domainLines(): string[] {
    const told = this.#options.domains.told()
    if (told.every(({ domain }) => domain === '')) return []
    const { shown } = this.#options
    const lines = told.slice(0, shown).map(({ domain, links, to }) => {
      return `  ${domain === '' ? 'none named' : domain}: ${links} links${to === null ? '' : `, to ${to}`}`
    })
    if (told.length > shown) lines.push(`  and ${told.length - shown} more`)
    const how =
      'Each goes to the domain of the server that has its name (TINYGRID_DOMAINS), or to where --domain sends it;'
    return ['', `Domains (${told.length})`, ...lines, `  ${how}`, `  ${ALONE}`]
  }
}

const ALONE = 'one alone becomes the default domain. With others the import is refused.'

/** A hundred bits are enough to tell a million apart. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 17)
}
