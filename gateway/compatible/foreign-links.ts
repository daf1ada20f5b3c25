/**
 * What the interfaces of other shorteners ask for, done as our own API does it.
 *
 * A request of theirs is written as one of ours, checked by the same schemas and parsers, and goes to the owner
 * the same way: nothing can be made here that our own API refuses. Errors name our fields; each interface
 * translates them.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { fullCode } from '../../links/full-code.ts'
import type { Code, PlainCode } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { linkBefore, noteLink } from '../audit/noted-changes.ts'
import { requestContext } from '../api/api-context.ts'
import {
  assertMayChange,
  assertMayMake,
  assertTagged,
  codeWithin,
  tagsOfCaller,
} from '../api/caller.ts'
import type { CreatedLink } from '../api/link-creation.ts'
import { codesOfUrl } from '../api/link-code.ts'
import { isPlain, type LinkDraft } from '../api/link-draft.ts'
import { toChanges, toDraft } from '../api/link-request.ts'
import { changedLink, passwordChange } from '../api/link-routes.ts'
import {
  linkChangesSchema,
  newLinkSchema,
  type LinkChangesBody,
  type NewLinkBody,
} from '../api/link-schemas.ts'
import { assertValid, compileSchema, type SchemaCheck } from '../api/validation.ts'
import type { ForeignContext } from './foreign-context.ts'

/** Of `codesOfUrl`: a link that is asked for once more is at one of them. */
const CODES_TRIED = 3

/** Which links answer a creation in the place of a new one. */
export type Reuse =
  /** None. */
  | 'never'
  /** One that does nothing but lead to the URL; our own default. */
  | 'plain'
  /** One with the same URL, tags, times and maximum, however it came by its title. */
  | 'same'

export interface NewForeignLink {
  readonly body: NewLinkBody
  readonly reuse: Reuse
  /** Of a generated code, in characters; undefined: as the settings say. */
  readonly codeLength?: number | undefined
}

export class ForeignLinks {
  readonly #context: ForeignContext
  readonly #checkNew: SchemaCheck
  readonly #checkChanges: SchemaCheck

  constructor(context: ForeignContext) {
    this.#context = context
    this.#checkNew = compileSchema(newLinkSchema(context.settings))
    this.#checkChanges = compileSchema(linkChangesSchema(context.settings))
  }

  /** @throws TinygridError of our own fields; alias_taken; forbidden; as the creator rejects */
  async create(request: FastifyRequest, asked: NewForeignLink): Promise<CreatedLink> {
    const { body, reuse, codeLength } = asked
    assertValid(this.#checkNew, body)
    const draft: LinkDraft = {
      ...toDraft(body, requestContext(this.#context, request)),
      reuse: reuse === 'never' ? false : body.code === undefined ? undefined : true,
      codeLength,
    }
    assertMayMake(request, draft)
    await this.#context.blocking.check?.assertAllowed(draft, draft.alias)
    const made = await this.#make(draft, reuse)
    if (made.isNew) await noteLink(this.#context, request, 'link.created', made.link)
    return made
  }

  /** What it takes to say that something is not there. @throws TinygridError link_not_found; forbidden */
  async live(request: FastifyRequest, code: Code): Promise<Link> {
    const link = await this.#context.owner.read(codeWithin(request, code))
    if (link?.lifecycle === 'live') return link
    throw new TinygridError('link_not_found')
  }

  /** @throws TinygridError of our own fields; link_not_found; forbidden; passwords_waiting */
  async change(request: FastifyRequest, code: Code, body: LinkChangesBody): Promise<Link> {
    assertValid(this.#checkChanges, body)
    const changes = {
      ...toChanges(body, requestContext(this.#context, request)),
      ...(await passwordChange(this.#context, body.password)),
    }
    if (changes.tags !== undefined) assertTagged(tagsOfCaller(request), changes.tags)
    await assertMayChange(request, this.#context.owner, code)
    await this.#context.blocking.check?.assertAllowed(changes, code)
    const before = await linkBefore(this.#context, code)
    const link = changedLink(await this.#context.owner.write({ kind: 'update', code, changes }))
    await noteLink(this.#context, request, 'link.changed', link, before)
    return link
  }

  /** The code stays taken, and the link can be restored. @throws TinygridError as `change` */
  async delete(request: FastifyRequest, code: Code): Promise<void> {
    await assertMayChange(request, this.#context.owner, code)
    const before = await linkBefore(this.#context, code)
    const link = changedLink(await this.#context.owner.write({ kind: 'delete', code }))
    await noteLink(this.#context, request, 'link.deleted', link, before)
  }

  async #make(draft: LinkDraft, reuse: Reuse): Promise<CreatedLink> {
    const { creator } = this.#context
    if (reuse !== 'same') return creator.create(draft)
    const { found, free } = await this.#same(draft)
    if (found !== undefined) return { link: found, isNew: false }
    return creator.create(isPlain(draft) ? draft : { ...draft, reuse: false, firstCode: free })
  }

  /**
   * The link that was asked for in just this way before: where its own code or its URL leads, or, if it has more
   * than a URL, at a code that follows from all of it. Links that were given other codes are not looked for: that
   * would be a search through all links for each creation.
   */
  async #same(draft: LinkDraft): Promise<{ found?: Link; free?: PlainCode }> {
    const { codeLength, codeCase } = this.#context.settings
    const { alias } = draft
    const codes = alias === undefined ? codesOfUrl(digested(draft), codeLength, codeCase) : [alias]
    let tried = 0
    for (const code of codes) {
      if (++tried > CODES_TRIED) break
      const link = await this.#context.owner.read(fullCode(draft.domain, code))
      if (link === undefined) return { free: code }
      if (isSame(link, draft)) return { found: link }
    }
    return {}
  }
}

/** What tells links of one URL apart, for who wants the same link again. */
function digested({ url, tags, expiresAt, maxVisits, validFrom }: LinkDraft): string {
  if (tags.length === 0 && expiresAt === null && maxVisits === null && validFrom === undefined) {
    return url
  }
  return `${url}\n${JSON.stringify([[...tags].sort(), expiresAt, maxVisits, validFrom ?? null])}`
}

function isSame(link: Link, draft: LinkDraft): boolean {
  const { lifecycle, url, expiresAt, maxVisits, validFrom, tags } = link
  const isAlike = url === draft.url && expiresAt === draft.expiresAt
  if (lifecycle !== 'live' || !isAlike || link.passwordHash !== undefined) return false
  if (maxVisits !== draft.maxVisits || validFrom !== draft.validFrom) return false
  return new Set(tags).symmetricDifference(new Set(draft.tags)).size === 0
}
