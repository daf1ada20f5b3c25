/**
 * A link that a client asked for: checked, but no code is given yet.
 *
 * Made by `link-request.ts`; `link-creation.ts` tries codes for it.
 */
import type { Domain } from '../../links/full-code.ts'
import type { EpochMs, PlainCode } from '../../links/ids.ts'
import type { LinkOptions } from '../../links/link.ts'
import { hasOptions } from '../../links/link-options.ts'

/** A link to be created, checked. */
export interface LinkDraft extends LinkOptions {
  readonly url: string
  /** null: the default one. */
  readonly domain: Domain | null
  /** The code that the user chose. */
  readonly alias: PlainCode | undefined
  /**
   * Whether an existing link may answer; undefined: yes for a plain link without an alias. With an
   * alias, true makes the request safe to repeat: the same alias for the same URL is found again.
   */
  readonly reuse: boolean | undefined
  readonly title: string | null
  readonly tags: readonly string[]
  readonly expiresAt: EpochMs | null
  readonly maxVisits: number | null
  /** As it was given: hashed when the link is made. */
  readonly password: string | null
  /** Of a generated code, in characters; undefined: as the settings say. */
  readonly codeLength?: number | undefined
  /** Tried before random ones. */
  readonly firstCode?: PlainCode | undefined
}

/** Nothing is asked of the link but that it leads to its URL. */
export function isPlain(draft: LinkDraft): boolean {
  const { title, tags, expiresAt, maxVisits, password } = draft
  const isBare = title === null && tags.length === 0 && expiresAt === null && maxVisits === null
  return isBare && password === null && !hasOptions(draft)
}
