/**
 * Puts one tag in the place of another, or takes it away, on all links that have it.
 *
 * Each link is read and written under the entity tag that it had, so that what others change meanwhile is kept;
 * where somebody came between it is read again. The audit log has each link that was changed. Asking again does what was not done yet.
 */
import type { FastifyRequest } from 'fastify'
import { entityTag } from '../../../links/entity-tag.ts'
import { TinygridError } from '../../../links/errors.ts'
import type { Code } from '../../../links/ids.ts'
import { parseTags } from '../../../links/link-fields.ts'
import { noteLink } from '../../audit/noted-changes.ts'
import { invalid } from '../../stats/question-request.ts'
import type { ForeignContext } from '../foreign-context.ts'

const TAGGED_LINKS_MAX = 10_000
/** Links that are changed at once. */
const CHANGED_MAX = 20
const ATTEMPTS_MAX = 5

export class TagChanges {
  readonly #context: ForeignContext

  constructor(context: ForeignContext) {
    this.#context = context
  }

  /** Links that have it. @throws TinygridError invalid_field: they are too many */
  async codesOf(tag: string): Promise<readonly Code[]> {
    const { directory } = this.#context
    // What was made just now is in the store once this is answered.
    await directory.list({ tag, limit: 1 })
    const found = await directory.codesOfTags([tag], TAGGED_LINKS_MAX)
    if (found !== undefined) return found.get(tag) ?? []
    throw invalid('tags', `${tag} has more than ${TAGGED_LINKS_MAX} links: change them in parts`)
  }

  /** @param next undefined: it is taken away @throws TinygridError as the owner does */
  async replace(
    request: FastifyRequest,
    tag: string,
    next: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const replacement = next === undefined ? [] : parseTags([next], 'newName')
    const codes = await this.codesOf(tag)
    for (let at = 0; at < codes.length && !signal.aborted; at += CHANGED_MAX) {
      const some = codes.slice(at, at + CHANGED_MAX)
      await Promise.all(some.map((code) => this.#replaceOn(request, code, tag, replacement)))
    }
  }

  async #replaceOn(
    request: FastifyRequest,
    code: Code,
    tag: string,
    replacement: readonly string[],
  ): Promise<void> {
    const { owner } = this.#context
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const link = await owner.read(code)
      if (link?.lifecycle !== 'live' || !link.tags.includes(tag)) return
      const tags = [...new Set(link.tags.flatMap((one) => (one === tag ? replacement : [one])))]
      const ifMatch = entityTag(link)
      const result = await owner.write({ kind: 'update', code, changes: { tags }, ifMatch })
      if (result.kind === 'stale') continue
      if (result.kind === 'done') {
        await noteLink(this.#context, request, 'link.changed', result.link, link)
      }
      return
    }
    throw new TinygridError('precondition_failed')
  }
}
