/**
 * One link as an import file gives it: what becomes the body of a create request.
 *
 * Only the shape is made here. Whether a URL, a code or a time is allowed is for the server to say,
 * so values pass as they are, even of a wrong type.
 */

const LINK_FIELDS = ['url', 'code', 'title', 'tags', 'expiresAt', 'maxVisits'] as const

/** What an export writes beside the fields of an import; an import passes over it. */
const REPLY_FIELDS = ['shortUrl', 'createdAt', 'updatedAt', 'visits'] as const

export const FIELDS = [...LINK_FIELDS, ...REPLY_FIELDS] as const
export type LinkField = (typeof FIELDS)[number]

export type LinkInput = { readonly [Field in LinkField]?: unknown }

/** The field that a column's name means, in any case. */
export function fieldNamed(name: string): LinkField | undefined {
  const key = name.trim().toLowerCase()
  return FIELDS.find((field) => field.toLowerCase() === key)
}

/** Whether the server is told of the field. */
export function isSent(field: LinkField): boolean {
  return (LINK_FIELDS as readonly string[]).includes(field)
}

export interface ItemFailure {
  /** A code of the server's error table, also where the command itself found the fault. */
  readonly code: string
  readonly detail: string
  /** The field at fault: `url`, `tags[0]`. */
  readonly field?: string
  /** Where on the line, if the command itself found the fault. */
  readonly column?: number
}

/** One item of the input, in its order. */
export interface InputItem {
  /** Line on which it starts, from 1. */
  readonly line: number
  /** Bytes of the input, in UTF-8, up to its end. */
  readonly endByte: number
  /** A failure: the line does not spell a link. */
  readonly content: { readonly link: LinkInput } | { readonly failure: ItemFailure }
  /** Where a field stands on the line, from 1: its cell in CSV, else its first character. */
  readonly columnOf: (field: LinkField) => number | undefined
}
