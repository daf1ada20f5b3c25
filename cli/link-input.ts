/**
 * One link as an import file gives it: what becomes the body of a create request.
 *
 * Only the shape is made here. Whether a URL, a code or a time is allowed is for the server to say,
 * so values pass as they are, even of a wrong type.
 */

export const LINK_FIELDS = ['url', 'code', 'title', 'tags', 'expiresAt', 'maxVisits'] as const
export type LinkField = (typeof LINK_FIELDS)[number]

export type LinkInput = { readonly [Field in LinkField]?: unknown }

/** What an export writes beside the fields of an import; an import passes over it. */
export const REPLY_FIELDS = ['shortUrl', 'createdAt', 'updatedAt', 'visits'] as const

export interface ItemFailure {
  /** A code of the server's error table, also where the command itself found the fault. */
  readonly code: string
  readonly detail: string
}

/** One item of the input, in its order. */
export interface InputItem {
  /** Line on which it ends, from 1. */
  readonly line: number
  /** Bytes of the input up to its end. */
  readonly endByte: number
  /** A failure: the line does not spell a link. */
  readonly content: { readonly link: LinkInput } | { readonly failure: ItemFailure }
}
