/**
 * Filters and lists of fields as a query string has them: `country:DE,AT`.
 *
 * Used for questions, visits and live events; pure. The field ends at the first colon, so values may have
 * colons; a comma or backslash within a value has a backslash in front of it. An empty value is what is
 * not known: `country:` are the clicks of no known country. Rejected: JSON in the query string, which
 * nobody types; a parameter for each field, of which a filter of two values would be two.
 */
import { TinygridError } from '../../links/errors.ts'
import {
  CLICK_FIELDS,
  FILTER_VALUES_MAX,
  GROUP_FIELDS_MAX,
  type ClickField,
  type Filter,
} from '../../clicks/store/question.ts'

/** Of one request; all have to fit. */
export const FILTERS_MAX = 20
/** Longest value, in characters: the longest text of a click. */
export const FILTER_VALUE_LENGTH_MAX = 256
/** Longest filter, in characters, as it is written. */
export const FILTER_LENGTH_MAX = 8_192

/** @throws TinygridError invalid_field (filter) */
export function parseFilters(texts: readonly string[]): Filter[] {
  if (texts.length > FILTERS_MAX) throw refused('filter', `may be given ${FILTERS_MAX} times`)
  return texts.map(parseFilter)
}

function parseFilter(text: string): Filter {
  if (text.length > FILTER_LENGTH_MAX) {
    throw refused('filter', `must have at most ${FILTER_LENGTH_MAX} characters`)
  }
  const colon = text.indexOf(':')
  if (colon === -1) throw refused('filter', 'must be like country:DE,AT')
  const field = fieldOf(text.slice(0, colon), 'filter')
  const values = [...new Set(split(text.slice(colon + 1)))]
  if (values.length > FILTER_VALUES_MAX) {
    throw refused('filter', `must have at most ${FILTER_VALUES_MAX} values`)
  }
  if (values.some((value) => value.length > FILTER_VALUE_LENGTH_MAX)) {
    throw refused('filter', `must have values of at most ${FILTER_VALUE_LENGTH_MAX} characters`)
  }
  return { field, values }
}

/** @throws TinygridError invalid_field (groupBy) */
export function parseGroupBy(texts: readonly string[]): ClickField[] {
  const names = texts.flatMap((text) => text.split(',', GROUP_FIELDS_MAX + 1))
  if (names.length > GROUP_FIELDS_MAX) {
    throw refused('groupBy', `must have at most ${GROUP_FIELDS_MAX} fields`)
  }
  const fields = names.map((name) => fieldOf(name, 'groupBy'))
  if (new Set(fields).size < fields.length) throw refused('groupBy', 'must have different fields')
  return fields
}

function fieldOf(name: string, parameter: string): ClickField {
  const field = CLICK_FIELDS.find((known) => known === name)
  if (field !== undefined) return field
  throw refused(parameter, `takes the fields ${CLICK_FIELDS.join(', ')}`)
}

/** At the commas that have no backslash in front of them. */
function split(text: string): string[] {
  const values: string[] = []
  let value = ''
  for (let index = 0; index < text.length; index++) {
    const sign = text[index]!
    if (sign === ',') {
      values.push(value)
      value = ''
    } else value += sign === '\\' ? (text[++index] ?? '') : sign
  }
  return [...values, value]
}

function refused(field: string, rule: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail: `${field} ${rule}` })
}
