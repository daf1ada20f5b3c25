/**
 * The shapes of what goes in and out in bulk, as JSON schemas: bulk requests and exports.
 *
 * Used by the two routes, as `link-schemas.ts` is by the others. What an export gives, but for the short
 * URL, a bulk request takes in again.
 */
import { Type } from 'typebox'
import { CODE_LENGTH_MAX } from '../../links/ids.ts'
import { PASSWORD_HASH_LENGTH_MAX } from '../../links/password-hash.ts'
import { MAX_VISITS_MAX, type GivenLifecycle } from '../../links/link.ts'
import {
  CODE_PATTERN,
  fields,
  linkSchema,
  newLinkSchema,
  problemSchema,
  strict,
  urlField,
  type LinkLimits,
} from './link-schemas.ts'
import { domainField } from './domain-fields.ts'
import { optionFields } from './link-option-fields.ts'
import { nullable } from './schema-parts.ts'

const state = Type.Unsafe<GivenLifecycle>({
  type: 'string',
  enum: ['live', 'deleted'],
  description: 'deleted: the link answers 410 and keeps its code',
})

/** Fields that only a link has that was somewhere before. */
export const PAST_FIELDS = ['createdAt', 'updatedAt', 'visits', 'isAlias', 'state'] as const

const givenTime = Type.String({ maxLength: 40, description: 'ISO 8601 with Z or an offset' })

/** A link as `GET /api/export` gives it, but for its short URL. */
export function pastLinkSchema({ targets }: LinkLimits) {
  return Type.Object(
    {
      url: urlField(targets),
      code: Type.String({ minLength: 1, maxLength: CODE_LENGTH_MAX, pattern: CODE_PATTERN }),
      domain: Type.Optional(domainField),
      title: Type.Optional(fields.title),
      tags: Type.Optional(fields.tags),
      createdAt: givenTime,
      updatedAt: Type.Optional(givenTime),
      expiresAt: Type.Optional(fields.expiresAt),
      maxVisits: Type.Optional(fields.maxVisits),
      visits: Type.Optional(
        nullable(
          Type.Integer({ minimum: 0, maximum: MAX_VISITS_MAX }),
          'So far; only with maxVisits, which it may have reached',
        ),
      ),
      isAlias: Type.Optional(Type.Boolean({ description: 'Whether someone chose the code' })),
      state: Type.Optional(state),
      ...optionFields,
      passwordHash: Type.Optional(
        nullable(
          Type.String({ maxLength: PASSWORD_HASH_LENGTH_MAX }),
          'Of its password: $scrypt$ln=14,r=8,p=5$, salt and hash in base 64 without padding',
        ),
      ),
    },
    {
      ...strict,
      title: 'PastLink',
      description:
        'A link as it was: it may be expired, used up or deleted. 201 if it was made, 200 if it is ' +
        'there already, as it was or as it became since, 409 if its code has another link',
    },
  )
}

export type PastLinkBody = Type.Static<ReturnType<typeof pastLinkSchema>>

/** `links` as they come: each is checked by itself, so that one wrong item fails alone. */
export function bulkEnvelopeSchema(linksMax: number) {
  return Type.Object(
    { links: Type.Array(Type.Unknown(), { minItems: 1, maxItems: linksMax }) },
    strict,
  )
}

const wrongItem = Type.Unknown({
  description: 'Anything else is refused in its own place of the results, and the others are made',
})

export function bulkSchema(limits: LinkLimits, linksMax: number) {
  return Type.Object(
    {
      links: Type.Array(Type.Union([newLinkSchema(limits), pastLinkSchema(limits), wrongItem]), {
        minItems: 1,
        maxItems: linksMax,
      }),
    },
    { ...strict, title: 'BulkCreation' },
  )
}

export const bulkResultsSchema = Type.Object(
  {
    results: Type.Array(
      Type.Union([
        Type.Object({ status: Type.Integer(), link: linkSchema }, strict),
        Type.Object({ status: Type.Integer(), error: problemSchema }, strict),
      ]),
      { description: 'One per link, in order' },
    ),
  },
  { ...strict, title: 'BulkResults' },
)

const { hasPassword: _hasPassword, ...shownProperties } = linkSchema.properties

export const exportedLinkSchema = Type.Object(
  {
    ...shownProperties,
    passwordHash: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    isAlias: Type.Boolean({ description: 'Whether someone chose the code' }),
    state,
  },
  { ...strict, title: 'ExportedLink' },
)

export type ExportedLinkView = Type.Static<typeof exportedLinkSchema>

/** The last line of an export. */
export const exportEndSchema = Type.Object(
  {
    end: Type.Literal(true),
    links: Type.Integer({ description: 'How many lines there were before this one' }),
    damaged: Type.Array(Type.String(), {
      description:
        'Codes whose links the store has damaged, with domain and slash where it is not the default ' +
        'one: they are not in the export',
    }),
  },
  { ...strict, title: 'ExportEnd' },
)
