/**
 * Creates a link: tries codes at their owners until one is given.
 *
 * Used by single and bulk creation. The owner decides about each code, so two gateways, or two
 * items of one bulk request, cannot give the same code twice. `log_uncertain` is not tried again
 * here: the client must know that the link may exist.
 */
import assert from 'node:assert/strict'
import { randomBytes as cryptoRandomBytes } from 'node:crypto'
import { TinygridError } from '../cluster/errors.ts'
import type { Code, EpochMs } from '../cluster/ids.ts'
import type { Link } from '../cluster/link.ts'
import type { CreateRequest, LinkOwner } from '../cluster/protocol.ts'
import { codesOfUrl, randomCodes, type RandomBytes } from './link-code.ts'

/** A link to be created, checked. */
export interface LinkDraft {
  readonly url: string
  /** The code that the user chose. */
  readonly alias: Code | undefined
  /**
   * Whether an existing link may answer; undefined: yes for a plain link without an alias. With an
   * alias, true makes the request safe to repeat: the same alias for the same URL is found again.
   */
  readonly reuse: boolean | undefined
  readonly title: string | null
  readonly tags: readonly string[]
  readonly expiresAt: EpochMs | null
  readonly maxVisits: number | null
}

export interface CreatedLink {
  readonly link: Link
  /** false: the link was there before. */
  readonly isNew: boolean
}

export interface LinkCreatorOptions {
  readonly owner: LinkOwner
  /** Length of generated codes, in characters. */
  readonly codeLength: number
  readonly randomBytes?: RandomBytes
}

export class LinkCreator {
  readonly #owner: LinkOwner
  readonly #codeLength: number
  readonly #randomBytes: RandomBytes

  constructor({ owner, codeLength, randomBytes = cryptoRandomBytes }: LinkCreatorOptions) {
    this.#owner = owner
    this.#codeLength = codeLength
    this.#randomBytes = randomBytes
  }

  /** @throws TinygridError alias_taken, no_free_code, or what the owner rejects with */
  async create(draft: LinkDraft): Promise<CreatedLink> {
    if (draft.alias !== undefined) return this.#createAlias(draft, draft.alias)
    const isShared = draft.reuse !== false && isPlain(draft)
    if (isShared) {
      for (const code of codesOfUrl(draft.url, this.#codeLength)) {
        const created = await this.#try(draft, code, true)
        if (created !== undefined) return created
      }
    }
    for (const code of randomCodes(this.#codeLength, this.#randomBytes)) {
      const created = await this.#try(draft, code, false)
      if (created !== undefined) return created
    }
    throw new TinygridError('no_free_code')
  }

  async #createAlias(draft: LinkDraft, alias: Code): Promise<CreatedLink> {
    const created = await this.#try(draft, alias, draft.reuse === true && isPlain(draft))
    if (created !== undefined) return created
    throw new TinygridError('alias_taken', { field: 'code' })
  }

  /** undefined: the code is taken. */
  async #try(draft: LinkDraft, code: Code, reuse: boolean): Promise<CreatedLink | undefined> {
    const { url, title, tags, expiresAt, maxVisits } = draft
    const isAlias = draft.alias !== undefined
    const settings = { url, title, tags, expiresAt, maxVisits, isAlias, reuse }
    const request: CreateRequest = { kind: 'create', code, ...settings }
    const result = await this.#owner.write(request)
    if (result.kind === 'taken') return undefined
    const isNew = result.kind === 'created'
    assert(isNew || result.kind === 'reused', `a create was answered with ${result.kind}`)
    return { link: result.link, isNew }
  }
}

/** Nothing is asked of the link but that it leads to its URL. */
function isPlain({ title, tags, expiresAt, maxVisits }: LinkDraft): boolean {
  return title === null && tags.length === 0 && expiresAt === null && maxVisits === null
}
