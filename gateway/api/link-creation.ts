/**
 * Creates a link: tries codes at their owners until one is given.
 *
 * Used by single and bulk creation. The owner decides about each code, so two gateways, or two
 * items of one bulk request, cannot give the same code twice. `log_uncertain` is not tried again
 * here: the client must know that the link may exist. With an Idempotency-Key it can ask again.
 */
import assert from 'node:assert/strict'
import { randomBytes as cryptoRandomBytes } from 'node:crypto'
import type { CodeCase } from '../../links/code-case.ts'
import { TinygridError } from '../../links/errors.ts'
import { fullCode } from '../../links/full-code.ts'
import type { PlainCode } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { optionsOf } from '../../links/link-options.ts'
import type { CreateRequest, ImportRequest, LinkOwner, Repeatable } from '../../links/link-owner.ts'
import { RepeatableRequest } from './idempotency.ts'
import { isPlain, type LinkDraft } from './link-draft.ts'
import type { PasswordDesk } from '../passwords/password-desk.ts'
import { codesOfUrl, randomCodes, type RandomBytes } from './link-code.ts'

export interface CreatedLink {
  readonly link: Link
  /** false: the link was there before. */
  readonly isNew: boolean
}

export interface LinkCreatorOptions {
  readonly owner: LinkOwner
  /** Length of generated codes, in characters. */
  readonly codeLength: number
  /** Whether generated codes may have capital letters. */
  readonly codeCase: CodeCase
  readonly randomBytes?: RandomBytes
  /** Hides which codes follow from an Idempotency-Key; the same on all nodes. */
  readonly secret: string
  readonly passwords: Pick<PasswordDesk, 'hash'>
}

interface Candidate {
  readonly code: PlainCode
  readonly reuse: boolean
}
type Attempt = Pick<CreateRequest, 'code' | 'reuse'> & Repeatable

export class LinkCreator {
  readonly #owner: LinkOwner
  readonly #codeLength: number
  readonly #codeCase: CodeCase
  readonly #randomBytes: RandomBytes
  readonly #secret: string
  readonly #passwords: Pick<PasswordDesk, 'hash'>

  constructor(options: LinkCreatorOptions) {
    const { owner, codeLength, randomBytes = cryptoRandomBytes, secret, passwords } = options
    this.#codeCase = options.codeCase
    this.#owner = owner
    this.#codeLength = codeLength
    this.#randomBytes = randomBytes
    this.#secret = secret
    this.#passwords = passwords
  }

  /**
   * @param key by which the client can ask again and gets the first answer
   * @throws TinygridError alias_taken, no_free_code, passwords_waiting, or what the owner rejects with
   */
  async create(draft: LinkDraft, key?: string): Promise<CreatedLink> {
    const { password } = draft
    // Others are begun in this turn.
    if (password === null) return this.#create(draft, key)
    return this.#create({ ...draft, passwordHash: await this.#passwords.hash(password) }, key)
  }

  async #create(draft: LinkDraft, key?: string): Promise<CreatedLink> {
    const repeatable = key === undefined ? undefined : this.#repeatable(key, draft)
    for (const { code: plain, reuse } of this.#candidates(draft, repeatable)) {
      const code = fullCode(draft.domain, plain)
      const operation =
        repeatable === undefined ? {} : { operationId: repeatable.operationId(code) }
      const created = await this.#try(draft, { code, reuse, ...operation })
      if (created !== undefined) return created
    }
    if (draft.alias === undefined) throw new TinygridError('no_free_code')
    throw new TinygridError('alias_taken', { field: 'code' })
  }

  /** @throws TinygridError alias_taken, or what the owner rejects with */
  async import(request: ImportRequest): Promise<CreatedLink> {
    const result = await this.#owner.write(request)
    if (result.kind === 'taken') {
      const detail = 'This code has another link, or this one with other settings'
      throw new TinygridError('alias_taken', { field: 'code', detail })
    }
    const isNew = result.kind === 'created'
    assert(isNew || result.kind === 'reused', `an import was answered with ${result.kind}`)
    return { link: result.link, isNew }
  }

  #repeatable(key: string, draft: LinkDraft): RepeatableRequest {
    const { passwordHash: _salted, ...same } = draft
    return new RepeatableRequest(this.#secret, key, same)
  }

  /** What to try, in order: the same each time if the request is repeatable. */
  *#candidates(draft: LinkDraft, repeatable?: RepeatableRequest): Generator<Candidate> {
    const { alias, reuse, url, firstCode, codeLength = this.#codeLength } = draft
    if (alias !== undefined) return yield { code: alias, reuse: reuse === true && isPlain(draft) }
    if (reuse !== false && isPlain(draft)) {
      for (const code of codesOfUrl(url, codeLength, this.#codeCase)) yield { code, reuse: true }
    }
    if (firstCode !== undefined) yield { code: firstCode, reuse: false }
    const randomBytes = repeatable?.randomBytes() ?? this.#randomBytes
    for (const code of randomCodes(codeLength, randomBytes, this.#codeCase))
      yield { code, reuse: false }
  }

  /** undefined: the code is taken. */
  async #try(draft: LinkDraft, attempt: Attempt): Promise<CreatedLink | undefined> {
    const { url, title, tags, expiresAt, maxVisits } = draft
    const isAlias = draft.alias !== undefined
    const settings = { url, title, tags, expiresAt, maxVisits, isAlias, ...optionsOf(draft) }
    const request: CreateRequest & Repeatable = { kind: 'create', ...settings, ...attempt }
    const result = await this.#owner.write(request)
    if (result.kind === 'taken') return undefined
    const isNew = result.kind === 'created'
    assert(isNew || result.kind === 'reused', `a create was answered with ${result.kind}`)
    return { link: result.link, isNew }
  }
}
