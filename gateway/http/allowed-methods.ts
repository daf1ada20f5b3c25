/**
 * Which methods a path takes, for 405 replies and their Allow header.
 *
 * Collects every route as it is registered. Asked only when no route matched, so it just goes
 * through the list.
 */
import type { FastifyInstance } from 'fastify'
import { isReserved } from '../../links/reserved-codes.ts'

interface KnownPath {
  readonly pattern: RegExp
  readonly methods: Set<string>
}

export class AllowedMethods {
  readonly #paths = new Map<string, KnownPath>()

  /** Call before any route is registered. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      const known = this.#paths.get(url) ?? { pattern: patternOf(url), methods: new Set() }
      for (const name of [method].flat()) known.methods.add(name)
      this.#paths.set(url, known)
    })
  }

  /** The methods that this path takes, sorted; empty: there is no such path. */
  of(path: string): string[] {
    const all = new Set<string>()
    for (const [url, { pattern, methods }] of this.#paths) {
      if (!pattern.test(path)) continue
      // The form of a password is sent to a link, not to its preview or to a page of the service.
      const left = url.startsWith('/:code') && !isLink(path) ? ['POST'] : []
      for (const method of methods.difference(new Set(left))) all.add(method)
    }
    return [...all].sort()
  }
}

function isLink(path: string): boolean {
  const code = /^\/([^/]+)\/?$/.exec(path)?.[1]
  return code !== undefined && !code.endsWith('+') && !isReserved(code)
}

/** `/api/links/:code/restore` as a pattern for paths. */
function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/:[a-zA-Z]+/g, '[^/]+')
    .replaceAll('*', '.*')
  return new RegExp(`^${source}$`)
}
