/**
 * Checks requests against their schemas and says in plain words what is wrong, and where.
 *
 * Used for every route's body, query and parameters, and for each item of a bulk request. Nothing is
 * changed, coerced or filled in: a number in quotes is an error, an unknown field too. The first
 * violation is reported, as a TinygridError that names the field and the limit it broke. What is too
 * much is looked for before the rest, so that a thousand unknown fields cost one error.
 */
import { Compile } from 'typebox/schema'
import { TinygridError } from '../../links/errors.ts'

/** @param path what stands before the names of fields: `links[3]`, or nothing */
export function assertValid(check: SchemaCheck, value: unknown, path = ''): void {
  const violation = check(value)
  if (violation !== undefined) throw toFieldError(violation, path)
}

/** What is wrong with a value, first of all; undefined: nothing. */
export type SchemaCheck = (value: unknown) => Violation | undefined

/** Compiles a JSON schema; done once per schema, at the start. */
export function compileSchema(schema: object): SchemaCheck {
  const compiled = Compile(schema)
  return (value) => {
    const excess = excessOf(schema, value)
    if (excess !== undefined || compiled.Check(value)) return excess
    return compiled.Errors(value)[1][0]!
  }
}

/** As much of a schema as says how much there may be. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: unknown
  readonly maxItems?: number
}

/** The first field that is not known, or list that is too long: there may be any number of them. */
function excessOf(shape: Shape, value: unknown, path = ''): Violation | undefined {
  const { properties, additionalProperties, maxItems } = shape
  if (Array.isArray(value)) {
    if (maxItems === undefined || value.length <= maxItems) return undefined
    return { keyword: 'maxItems', instancePath: path, params: { limit: maxItems } }
  }
  if (properties === undefined || typeof value !== 'object' || value === null) return undefined
  for (const [key, field] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) {
      const excess = excessOf(properties[key]!, field, `${path}/${key}`)
      if (excess !== undefined) return excess
    } else if (additionalProperties === false) {
      const params = { additionalProperties: [key] }
      return { keyword: 'additionalProperties', instancePath: path, params }
    }
  }
  return undefined
}

/** A route's validator in the form that Fastify asks for. */
export function validatorOf(check: SchemaCheck) {
  return (value: unknown): { value: unknown } | { error: Error } => {
    const violation = check(value)
    return violation === undefined ? { value } : { error: toFieldError(violation, '') }
  }
}

/**
 * The same for query strings, in which everything is text: digits become numbers where the schema
 * has an integer.
 */
export function queryValidatorOf(schema: object) {
  const validate = validatorOf(compileSchema(schema))
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  const integers = Object.keys(properties).filter((name) => properties[name]!.type === 'integer')
  return (query: unknown) => {
    const value: Record<string, unknown> = { ...(query as object) }
    for (const name of integers) {
      const text = value[name]
      if (typeof text === 'string' && INTEGER.test(text)) value[name] = Number(text)
    }
    return validate(value)
  }
}

const INTEGER = /^-?\d{1,15}$/

interface Violation {
  readonly keyword: string
  /** JSON pointer to the value at fault. */
  readonly instancePath: string
  readonly params: object
}

function toFieldError(violation: Violation, path: string): TinygridError {
  const at = fieldOf(violation.instancePath, path)
  const params = violation.params as Readonly<Record<string, unknown>>
  switch (violation.keyword) {
    case 'additionalProperties': {
      const field = join(at, (params['additionalProperties'] as string[])[0]!)
      return new TinygridError('unknown_field', { field, detail: `${shown(field)} does not exist` })
    }
    case 'required': {
      const field = join(at, (params['requiredProperties'] as string[])[0]!)
      return new TinygridError('missing_field', { field, detail: `${shown(field)} is required` })
    }
    default: {
      const detail = `${at === '' ? 'The body' : shown(at)} ${ruleOf(violation.keyword, params)}`
      return new TinygridError('invalid_field', at === '' ? { detail } : { detail, field: at })
    }
  }
}

/** What the value must be, to follow its name. */
function ruleOf(keyword: string, params: Readonly<Record<string, unknown>>): string {
  const limit = String(params['limit'])
  switch (keyword) {
    case 'type':
      return `must be ${typeNames(params['type'] as string | string[])}`
    case 'minLength':
      return limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`
    case 'maxLength':
      return `must have at most ${limit} characters`
    case 'minItems':
      return `must have at least ${limit} items`
    case 'maxItems':
      return `must have at most ${limit} items`
    case 'minimum':
      return `must be at least ${limit}`
    case 'maximum':
      return `must be at most ${limit}`
    case 'pattern':
      return 'has characters that are not allowed'
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}`
    default:
      return 'is not allowed'
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

function typeNames(types: string | readonly string[]): string {
  return [types]
    .flat()
    .map((type) => TYPE_NAMES[type] ?? type)
    .join(' or ')
}

/** `/links/3/tags/0` as `links[3].tags[0]`. */
function fieldOf(pointer: string, path: string): string {
  const keys = pointer.split('/').slice(1)
  return keys.reduce((field, key) => join(field, unescapePointer(key)), path)
}

function join(path: string, key: string): string {
  if (/^\d+$/.test(key)) return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

const SHOWN_LENGTH_MAX = 60

function shown(field: string): string {
  return field.length <= SHOWN_LENGTH_MAX ? field : `${field.slice(0, SHOWN_LENGTH_MAX)}...`
}
