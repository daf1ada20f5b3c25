/**
 * Which domain of the server each domain of an import goes to.
 *
 * Used for exports of other products, whose links say which domain they were on. One goes to the domain of
 * the same name, or to where `--domain from=to` sends it; a domain that the server does not have may be the
 * default one, if no other of the input is. What is left would be mixed with codes of another domain, so it is
 * refused: of a file before anything is sent, of standard input link by link. In our own files a domain is ours,
 * and changes by `--domain` alone.
 */
import { parseDomain } from '../links/full-code.ts'
import { CommandError } from './command-error.ts'
import type { InputItem, LinkInput } from './link-input.ts'

const DEFAULT = 'default'
/** More are told by their number. */
const TOLD_MAX = 20
/** Beyond it a cell is no domain but something else. */
const DISTINCT_MAX = 10_000

/** As the server tells it. */
export interface ServerDomains {
  /** null: whatever name clients use. */
  readonly default: string | null
  readonly domains: readonly string[]
}

/** In small letters, in front of a port or a path; empty: none is named. */
export function domainIn(text: string): string {
  const host = text.replace(/^[a-z]+:\/\//i, '').replace(/[/?#][^]*$/, '')
  const name = host.replace(/:\d{1,5}$/, '')
  return parseDomain(name) ?? name.toLowerCase()
}

/** @param texts `from=to` each @throws CommandError */
export function parseDomainRules(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const [from = '', to = '', ...more] = text.split('=')
      const target = to === DEFAULT ? DEFAULT : parseDomain(to)
      if (domainIn(from) !== '' && target !== undefined && more.length === 0)
        return [domainIn(from), target]
      throw new CommandError(
        `--domain takes from=to, with default or a domain behind the =, not ${text}`,
      )
    }),
  )
}

export class ImportDomains {
  readonly #rules: ReadonlyMap<string, string>
  /** Links on each domain of the input; empty: on one that is not named. */
  readonly #links = new Map<string, number>()
  #server: ServerDomains = { default: null, domains: [] }
  /** The one domain that is taken for the default one without being told. */
  #presumed: string | undefined
  #isDefaultTaken = false

  constructor(rules: ReadonlyMap<string, string>) {
    this.#rules = rules
  }

  /** Of a first reading. */
  note({ content }: InputItem): void {
    if (!('link' in content)) return
    const domain = sourceOf(content.link)
    const known = this.#links.get(domain)
    if (known === undefined && this.#links.size >= DISTINCT_MAX) return
    this.#links.set(domain, (known ?? 0) + 1)
  }

  /** Whether the server has to be asked. */
  get needsServer(): boolean {
    return this.#rules.size > 0 || [...this.#links.keys()].some((domain) => domain !== '')
  }

  /** After the first reading, if there is one. @throws CommandError */
  settle(server: ServerDomains): void {
    this.#server = server
    for (const target of this.#rules.values()) {
      if (target === DEFAULT || target === server.default || server.domains.includes(target))
        continue
      throw new CommandError(`--domain: the server has no domain ${target} (${this.#had()})`)
    }
    const unknown = [...this.#links].filter(([domain]) => this.#known(domain) === undefined)
    this.#isDefaultTaken = [...this.#links.keys()].some((domain) => this.#known(domain) === null)
    const [only] = unknown
    if (only === undefined) return
    if (unknown.length > 1 || this.#isDefaultTaken) throw new CommandError(this.#refusal(unknown))
    this.#presumed = only[0]
  }

  /** What is told before links are sent; undefined: nothing is noteworthy. */
  get notice(): string | undefined {
    if (this.#presumed === undefined) return undefined
    return `Links on ${this.#presumed} become links on the default domain.`
  }

  /** As the server is told it. */
  async *placed(items: AsyncIterable<InputItem>): AsyncGenerator<InputItem> {
    for await (const item of items) yield this.#place(item)
  }

  /** Of a file of ours. */
  async *renamed(items: AsyncIterable<InputItem>): AsyncGenerator<InputItem> {
    for await (const item of items) {
      const { content } = item
      const target = 'link' in content ? this.#rules.get(sourceOf(content.link)) : undefined
      yield target === undefined ? item : onDomain(item, target === DEFAULT ? null : target)
    }
  }

  /** As far as that can be told without the server; empty: on none that is named. */
  nameOf(domain: unknown): string {
    const source = sourceOf({ domain })
    const target = this.#rules.get(source) ?? source
    return target === DEFAULT ? '' : target
  }

  /** For the dry run, which asks no server. */
  told(): { domain: string; links: number; to: string | null }[] {
    return [...this.#links].map(([domain, links]) => {
      return { domain, links, to: this.#rules.get(domain) ?? null }
    })
  }

  #place(item: InputItem): InputItem {
    const { content } = item
    if (!('link' in content)) return item
    const source = sourceOf(content.link)
    const target = this.#known(source)
    if (target !== undefined && (target !== null || this.#presumed === undefined)) {
      this.#isDefaultTaken ||= target === null
      return onDomain(item, target)
    }
    // Of standard input nothing was read before: the first one that comes is taken for it.
    if (target === undefined && !this.#isDefaultTaken) this.#presumed ??= source
    if (source === this.#presumed || this.#rules.has(source)) return onDomain(item, null)
    const detail =
      target === null
        ? `Links on ${this.#presumed!} are on the default domain: --domain ${this.#presumed!}=${DEFAULT} lets these in too`
        : `The server has no domain ${source}: --domain ${source}=${DEFAULT} sends its links there`
    return { ...item, content: { failure: { code: 'invalid_field', field: 'domain', detail } } }
  }

  /** null: the default one. undefined: the server has none of the name, and no rule says. */
  #known(domain: string): string | null | undefined {
    const target = this.#rules.get(domain) ?? domain
    if (target === DEFAULT || target === '' || target === this.#server.default) return null
    return this.#server.domains.includes(target) ? target : undefined
  }

  #refusal(unknown: readonly (readonly [string, number])[]): string {
    const lines = unknown
      .slice(0, TOLD_MAX)
      .map(([domain, links]) => `  ${domain} (${links} links)`)
    const rest = unknown.length > TOLD_MAX ? [`  and ${unknown.length - TOLD_MAX} more`] : []
    return [
      `The input has links on domains that the server does not have (${this.#had()}):`,
      ...lines,
      ...rest,
      'Say where those of each go, such as',
      `  --domain ${unknown[0]![0]}=${DEFAULT}`,
      'or add them to TINYGRID_DOMAINS and start the server again. Nothing was sent.',
    ].join('\n')
  }

  #had(): string {
    const { default: first, domains } = this.#server
    return `it has ${[first ?? 'the default one', ...domains].join(', ')}`
  }
}

function sourceOf({ domain }: LinkInput): string {
  return typeof domain === 'string' ? domainIn(domain) : ''
}

function onDomain(item: InputItem, domain: string | null): InputItem {
  if (!('link' in item.content)) return item
  const { domain: _source, ...link } = item.content.link
  return {
    ...item,
    content: { ...item.content, link: domain === null ? link : { ...link, domain } },
  }
}
