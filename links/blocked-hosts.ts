/**
 * The hosts to which no link may lead: asked for each new target, and for each redirect.
 *
 * Used by the gateway and its fast path; filled by what keeps the lists (`gateway/blocking/`). A redirect asks by
 * the URL as it is stored, so nothing is parsed: its host is cut out, and what was found of that text is
 * remembered until a list changes. Without any blocked host it is one comparison. So a changed list holds
 * for every link there is from the next redirect on. Rejected: marks on the links themselves, which a
 * change of the list would have to bring to millions, in memory, store, cache and near caches.
 */
import { plainHost } from './own-address.ts'

/** Where entries come from: each has a list of its own, and all of them hold. */
export type HostSource = (typeof HOST_SOURCES)[number]

export const HOST_SOURCES = ['file', 'interface'] as const

/** Hosts of targets whose verdict is remembered; beyond it all are found anew. */
const REMEMBERED_MAX = 4_096

export class BlockedHosts {
  readonly #lists: Record<HostSource, HostList> = {
    file: new HostList([]),
    interface: new HostList([]),
  }
  /** Invariant: whether both lists are empty. */
  #isEmpty = true
  /** By the host as it stands in a URL. Invariant: true to the lists as they are. */
  readonly #remembered = new Map<string, boolean>()

  get isEmpty(): boolean {
    return this.#isEmpty
  }

  /** Whether no link may lead to this URL. @param url as it is stored */
  has(url: string): boolean {
    if (this.#isEmpty) return false
    const host = hostInUrl(url)
    return this.#remembered.get(host) ?? this.#judge(host)
  }

  /** What blocks a host, or a whole pattern, which `parseHostPattern` has written; the file's first. */
  entryFor(host: string): { readonly pattern: string; readonly source: HostSource } | undefined {
    for (const source of HOST_SOURCES) {
      const pattern = this.#lists[source].matching(host)
      if (pattern !== undefined) return { pattern, source }
    }
    return undefined
  }

  size(source: HostSource): number {
    return this.#lists[source].size
  }

  /** Puts the list of one source in the place of what it was. @param patterns as `parseHostPattern` writes them */
  replace(source: HostSource, patterns: Iterable<string>): void {
    this.#lists[source] = new HostList(patterns)
    this.#isEmpty = HOST_SOURCES.every((one) => this.#lists[one].size === 0)
    this.#remembered.clear()
  }

  #judge(host: string): boolean {
    const url = host === '' ? null : URL.parse(`http://${host}/`)
    const isBlocked = url !== null && this.entryFor(plainHost(url)) !== undefined
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.set(host, isBlocked)
    return isBlocked
  }
}

/** Nothing is blocked, ever. */
export const NO_BLOCKED_HOSTS: Pick<BlockedHosts, 'has' | 'isEmpty'> = Object.freeze({
  isEmpty: true,
  has: () => false,
})

class HostList {
  readonly #exact = new Set<string>()
  /** All below these. */
  readonly #above = new Set<string>()

  constructor(patterns: Iterable<string>) {
    for (const pattern of patterns) {
      if (pattern.startsWith('*.')) this.#above.add(pattern.slice(2))
      else this.#exact.add(pattern)
    }
  }

  get size(): number {
    return this.#exact.size + this.#above.size
  }

  /** The entry that has the host. */
  matching(host: string): string | undefined {
    if (this.#exact.has(host)) return host
    if (this.#above.size === 0) return undefined
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const above = host.slice(dot + 1)
      if (this.#above.has(above)) return `*.${above}`
    }
    return undefined
  }
}

const [HASH, SLASH, COLON, QUESTION, AT, CLOSING] = Array.from('#/:?@]', (one) => one.charCodeAt(0))

/** The host as it stands in a stored URL, without user and port; empty: it has none, as `mailto:` has none. */
export function hostInUrl(url: string): string {
  const colon = url.indexOf(':')
  if (url.charCodeAt(colon + 1) !== SLASH || url.charCodeAt(colon + 2) !== SLASH) return ''
  let from = colon + 3
  let at = from
  let port = -1
  for (; at < url.length; at++) {
    const character = url.charCodeAt(at)
    if (character > AT! && character !== CLOSING) continue
    if (character === SLASH || character === QUESTION || character === HASH) break
    if (character === COLON) port = at
    else if (character === CLOSING) port = -1
    else if (character === AT) {
      from = at + 1
      port = -1
    }
  }
  return url.slice(from, port === -1 ? at : port)
}
