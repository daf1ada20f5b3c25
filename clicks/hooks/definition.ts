/**
 * What webhooks and reports have in common: users define them field by field, and they are saved as JSON.
 *
 * Each field has one parser, which gives the value as it is kept or throws invalid_field with its name. A
 * field without a parser is unknown.
 */
import { randomBytes } from 'node:crypto'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'

export type FieldParsers = Readonly<Record<string, (value: unknown, field: string) => unknown>>

interface Definition {
  readonly id: string
  readonly createdAt: EpochMs
}

const ID_BYTES = 9
const ID_PATTERN = /^[a-z0-9-]{12}$/

export function newId(): string {
  return randomBytes(ID_BYTES).toString('base64url').toLowerCase().replaceAll('_', '-')
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}

/** @throws TinygridError bad_request: it is no object of fields */
export function fieldsOf(given: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return given as Readonly<Record<string, unknown>>
  }
  throw new TinygridError('bad_request', { detail: `${what} is a JSON object` })
}

/** @throws TinygridError missing_field */
export function requireFields(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  const field = names.find((name) => fields[name] === undefined)
  if (field !== undefined) throw new TinygridError('missing_field', { field })
}

/** `base` with what the fields say; the rest stays. @throws TinygridError unknown_field, and as the parsers */
export function withFields<T extends object>(
  base: T,
  fields: Readonly<Record<string, unknown>>,
  parsers: FieldParsers,
): T {
  const unknown = Object.keys(fields).find((field) => !Object.hasOwn(parsers, field))
  if (unknown !== undefined) throw new TinygridError('unknown_field', { field: unknown })
  const changed = Object.entries(fields).map(([field, value]) => {
    return [field, parsers[field]!(value, field)] as const
  })
  return { ...base, ...Object.fromEntries(changed) }
}

/**
 * A definition as it was saved; undefined: the text is none.
 *
 * @param make of what a user may say, and when it was made
 */
export function savedAs<T extends Definition>(
  text: string,
  make: (given: object, createdAt: EpochMs) => T,
): T | undefined {
  try {
    const { id, createdAt, ...given } = JSON.parse(text) as Definition
    if (!isId(id) || !Number.isSafeInteger(createdAt)) return undefined
    return { ...make(given, createdAt), id }
  } catch {
    return undefined
  }
}

export function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
