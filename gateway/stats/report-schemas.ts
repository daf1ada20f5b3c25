/**
 * The shapes of reports in requests and replies. What a schema cannot say is checked by
 * `clicks/reports/report.ts`.
 */
import { Type } from 'typebox'
import {
  FILTERS_MAX,
  HOUR_MAX,
  NAME_LENGTH_MAX,
  PERIODS,
  VALUE_LENGTH_MAX,
} from '../../clicks/reports/report.ts'
import {
  BOT_CHOICES,
  CLICK_FIELDS,
  FILTER_VALUES_MAX,
  GROUP_FIELDS_MAX,
  GROUPS_MAX,
  INTERVALS,
} from '../../clicks/store/question.ts'
import { FULL_CODE_LENGTH_MAX } from '../../links/full-code.ts'
import { strict } from '../api/link-schemas.ts'
import { nullable } from '../api/schema-parts.ts'

const TIME_LENGTH_MAX = 40

const clickField = Type.Enum([...CLICK_FIELDS])
const filter = Type.Object(
  {
    field: clickField,
    values: Type.Array(Type.String({ maxLength: VALUE_LENGTH_MAX }), {
      minItems: 1,
      maxItems: FILTER_VALUES_MAX,
    }),
  },
  strict,
)
const schedule = Type.Object(
  {
    hour: Type.Optional(Type.Integer({ minimum: 0, maximum: HOUR_MAX })),
    to: Type.Union([Type.Literal('directory'), Type.Object({ webhook: Type.String() }, strict)]),
  },
  {
    ...strict,
    description: 'When a period has ended, at this hour: to a webhook, or as a CSV file',
  },
)
const name = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX })
const period = Type.Enum([...PERIODS], { description: 'The last one that has ended' })
const fields = {
  timezone: Type.String({ maxLength: 64, examples: ['Europe/Berlin'] }),
  code: nullable(
    Type.String({ minLength: 1, maxLength: FULL_CODE_LENGTH_MAX }),
    'Of one link; null: all',
  ),
  filters: Type.Array(filter, { maxItems: FILTERS_MAX }),
  bots: Type.Enum([...BOT_CHOICES]),
  interval: Type.Union([Type.Enum([...INTERVALS]), Type.Null()]),
  groupBy: Type.Array(clickField, { maxItems: GROUP_FIELDS_MAX }),
  limit: Type.Integer({ minimum: 1, maximum: GROUPS_MAX }),
  schedule: Type.Union([schedule, Type.Null()]),
}

export const newReportSchema = Type.Object(
  { name, period, ...Type.Partial(Type.Object(fields)).properties },
  strict,
)
export const reportChangesSchema = Type.Partial(Type.Object({ name, period, ...fields }), strict)

const time = Type.String({ format: 'date-time' })
const failure = Type.Object({ at: time, reason: Type.String() })
export const reportSchema = Type.Object({
  id: Type.String(),
  name,
  period,
  ...fields,
  createdAt: time,
  sentTo: nullable(time, 'The end of the last period that was sent'),
  lastFailure: Type.Union([failure, Type.Null()]),
})
export const reportListSchema = Type.Object({ reports: Type.Array(reportSchema) })

export const resultQuerySchema = Type.Object(
  {
    at: Type.Optional(
      Type.String({
        maxLength: TIME_LENGTH_MAX,
        description: 'ISO 8601: the last period that had ended then; left out: now',
      }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv', 'parquet'])),
  },
  strict,
)

const counts = {
  clicks: Type.Integer(),
  humans: Type.Integer(),
  bots: Type.Integer(),
  visitors: Type.Integer(),
}
export const resultSchema = Type.Object({
  report: Type.String(),
  name,
  from: time,
  to: time,
  totals: Type.Object(counts),
  series: Type.Array(Type.Object({ start: time, ...counts })),
  groups: Type.Array(Type.Object({ values: Type.Array(Type.String()), ...counts })),
  other: Type.Union([Type.Object(counts), Type.Null()]),
})
