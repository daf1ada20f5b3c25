/**
 * One link as an import file gives it: what becomes an item of a bulk request.
 *
 * Only the shape is made here. Whether a URL, a code or a time is allowed is for the server to say,
 * so values pass as they are, even of a wrong type.
 */
import { OPTION_NAMES, type OptionName } from '../links/link-options.ts'

/** How a cell of a CSV file spells an option. */
export const OPTION_CELLS: Readonly<Record<OptionName, 'text' | 'number' | 'flag' | 'json'>> = {
  validFrom: 'text',
  redirectStatus: 'number',
  expiredUrl: 'text',
  forwardQuery: 'flag',
  passwordHash: 'text',
  rules: 'json',
}

/** What makes an item a link as it was, rather than one to be created. */
const PAST_FIELDS = ['createdAt', 'updatedAt', 'visits', 'isAlias', 'state'] as const

export const FIELDS = [
  'url',
  'code',
  'domain',
  'title',
  'tags',
  'expiresAt',
  'maxVisits',
  ...OPTION_NAMES,
  'password',
  ...PAST_FIELDS,
  'shortUrl',
] as const
export type LinkField = (typeof FIELDS)[number]

export type LinkInput = { readonly [Field in LinkField]?: unknown }

/** The field that a column's name means, in any case. */
export function fieldNamed(name: string): LinkField | undefined {
  const key = name.trim().toLowerCase()
  return FIELDS.find((field) => field.toLowerCase() === key)
}

/** Whether the server is told of the field: a short URL is what the importing one makes of the code. */
export function isSent(field: LinkField): boolean {
  return field !== 'shortUrl'
}

/** Whether the link is taken in as it was: then a second time changes nothing. */
export function hasPast(link: LinkInput): boolean {
  return PAST_FIELDS.some((field) => link[field] !== undefined)
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
  /** By which a person finds it on a line that has many: its code; empty or left out: nothing. */
  readonly name?: string
  /** Bytes of the input, in UTF-8, up to its end. */
  readonly endByte: number
  /** A failure: the line does not spell a link. */
  readonly content:
    | {
        readonly link: LinkInput
        /** What another product has of it and no link of ours. */
        readonly leftOut?: readonly string[]
      }
    | { readonly failure: ItemFailure }
  /** Where a field stands on the line, from 1: its cell in CSV, else its first character. */
  readonly columnOf: (field: LinkField) => number | undefined
}

/** Where a person finds it. */
export function placeOf({ line, name = '' }: InputItem): string {
  return name === '' ? `Line ${line}` : `Line ${line}, ${name}`
}
