/**
 * A request for visits as a query string has it: which ones, how many, from where on. Pure.
 */
import { Type } from 'typebox'
import { VISIT_FORMATS, type VisitFormat } from '../../clicks/analytics/analytics.ts'
import type { Visit, VisitsCursor, VisitsQuestion } from '../../clicks/store/question.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { domainQuery } from '../api/domain-fields.ts'
import { strict } from '../api/link-schemas.ts'
import { invalid, parseSelection, type SelectionQuery } from './question-request.ts'
import { oneOf, selectionProperties } from './stats-schemas.ts'

/** Visits on a page of JSON. */
const PAGE_VISITS_MAX = 1_000
const PAGE_VISITS_DEFAULT = 100
/** Visits in a file. */
const FILE_VISITS_MAX = 10_000_000
const CURSOR_LENGTH_MAX = 64
const CURSOR = /^(\d{1,15})-(\d{1,15})-(\d{1,9})$/

export interface VisitsQuery extends SelectionQuery {
  readonly cursor?: string
  readonly limit?: number
  readonly format?: VisitFormat
}

export const visitsQuerySchema = Type.Object(
  {
    ...selectionProperties,
    cursor: Type.Optional(
      Type.String({
        maxLength: CURSOR_LENGTH_MAX,
        description: 'Where the last page ended: its `nextCursor`',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: FILE_VISITS_MAX,
        description:
          `At most so many: of JSON up to ${PAGE_VISITS_MAX}, by default ${PAGE_VISITS_DEFAULT}; of ` +
          `files up to ${FILE_VISITS_MAX}, which is the default`,
      }),
    ),
    format: Type.Optional(oneOf(VISIT_FORMATS, 'Goes before the Accept header')),
  },
  strict,
)

export const linkVisitsQuerySchema = Type.Object(
  { ...visitsQuerySchema.properties, ...domainQuery },
  strict,
)

/** @throws TinygridError invalid_field */
export function parseVisits(
  query: VisitsQuery,
  format: VisitFormat,
  code: Code | undefined,
  now: EpochMs,
): { question: VisitsQuestion; limit: number } {
  const { cursor } = query
  const selection = parseSelection(query, code, now)
  const question = { ...selection, ...(cursor ? { after: parseCursor(cursor) } : {}) }
  if (format !== 'json') return { question, limit: query.limit ?? FILE_VISITS_MAX }
  const limit = query.limit ?? PAGE_VISITS_DEFAULT
  if (limit > PAGE_VISITS_MAX) {
    throw invalid(
      'limit',
      `limit must be at most ${PAGE_VISITS_MAX} in JSON; other forms take more`,
    )
  }
  return { question, limit }
}

function parseCursor(text: string): VisitsCursor {
  const match = CURSOR.exec(text)
  if (match === null) throw invalid('cursor', 'The cursor is not one that visits have given')
  const [at, position, index] = match.slice(1).map(Number)
  return { at: at as EpochMs, position: position!, index: index! }
}

/** Of the last visit of a page, as analytics has written it. */
export function cursorOf(line: string): string {
  const { at, position, index } = JSON.parse(line) as Omit<Visit, 'at'> & { at: string }
  return `${Date.parse(at)}-${position}-${index}`
}
