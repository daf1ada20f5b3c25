/**
 * In which form visits are told: by `format=`, else by what the client accepts, else as JSON.
 *
 * Used by the visits routes; pure. Also what a file of visits is called.
 */
import { VISIT_FORMATS, type VisitFormat } from '../../clicks/analytics/analytics.ts'
import type { ClickSelection } from '../../clicks/store/question.ts'
import { JSON_TYPE } from '../api/api-replies.ts'
import { weightsOf } from '../http/error-reply.ts'

export const VISIT_TYPES: Readonly<Record<VisitFormat, string>> = {
  json: JSON_TYPE,
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
}

export function formatOf(format: VisitFormat | undefined, accept: string | undefined): VisitFormat {
  if (format !== undefined) return format
  const weights = weightsOf(accept ?? '')
  const weightOf = (one: VisitFormat) => weights.get(VISIT_TYPES[one].split(';')[0]!) ?? 0
  const best = VISIT_FORMATS.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a))
  return best
}

/** `visits-abc-20260101T000000Z-20260201T000000Z.csv`: nothing in it that a header or a file system minds. */
export function fileName({ code, from, to }: ClickSelection, format: VisitFormat): string {
  const [start, end] = [from, to].map((time) =>
    new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, ''),
  )
  return `visits-${code?.replace('/', '-') ?? 'all'}-${start}-${end}.${format}`
}
