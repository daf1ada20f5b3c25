/**
 * The options of a link as requests name them and replies show them: one table for all routes.
 *
 * Used by the schemas, by `link-request.ts` and by `link-view.ts`. What an option may hold says
 * `links/link-options.ts`; here are its schemas, and how it is written where JSON has no such value: a
 * time is ISO 8601. A link without an option shows null, which takes it away in a change. The hash of a
 * password is shown in exports alone, and given with imports alone.
 */
import { Type, type TSchema } from 'typebox'
import {
  EXPIRED_URL_BYTES_MAX,
  QUERY_FORWARDINGS,
  REDIRECT_STATUSES,
  type LinkOptions,
  type QueryForwarding,
  type RedirectStatus,
} from '../../links/link.ts'
import {
  parseOptionChanges,
  parseOptions,
  type OptionChanges,
  type OptionName,
} from '../../links/link-options.ts'
import type { TargetRules } from '../../links/target-url.ts'
import { formatIsoTime, parseIsoTimeField } from './iso-time.ts'
import { givenRules, rulesOfBody, shownRules, viewOfRules, type RuleView } from './rule-fields.ts'
import { nullable, TIME_LENGTH_MAX } from './schema-parts.ts'

type ShownName = Exclude<OptionName, 'passwordHash'>

/** As they may stand in a request. */
const GIVEN = {
  validFrom: nullable(
    Type.String({ maxLength: TIME_LENGTH_MAX, examples: ['2030-01-01T08:00:00Z'] }),
    'ISO 8601 with Z or an offset; before then the link answers 404, as if there were none',
  ),
  redirectStatus: Type.Unsafe<RedirectStatus | null>({
    type: ['integer', 'null'],
    enum: [...REDIRECT_STATUSES, null],
    description:
      'The status of its redirects; null: as the settings say. 301 and 308 are kept by browsers for an ' +
      'hour if nothing ends the link: visits that they answer themselves are not counted',
  }),
  expiredUrl: nullable(
    Type.String({ minLength: 1, maxLength: EXPIRED_URL_BYTES_MAX }),
    'Where visitors are sent when the link has expired or has had all its visits',
  ),
  forwardQuery: Type.Unsafe<QueryForwarding | null>({
    enum: [...QUERY_FORWARDINGS, null],
    description:
      "Whether a visitor's query goes on to the target: true: parameters that the target does not have; " +
      'override: all, in the place of those that it has; null: as the settings say',
  }),
  rules: givenRules,
} satisfies Record<ShownName, TSchema>

export const optionFields = Type.Partial(Type.Object(GIVEN)).properties

/** As replies show them. */
export const shownOptions = {
  validFrom: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
  redirectStatus: Type.Unsafe<RedirectStatus | null>({ type: ['integer', 'null'] }),
  expiredUrl: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  forwardQuery: Type.Unsafe<QueryForwarding | null>({ enum: [...QUERY_FORWARDINGS, null] }),
  rules: shownRules,
} satisfies Record<ShownName, TSchema>

type OptionBody = { readonly [Name in OptionName]?: unknown }

/** @throws TinygridError invalid_field */
export function optionsOfBody(body: OptionBody, prefix: string, targets: TargetRules): LinkOptions {
  return parseOptions(asKept(body, prefix), prefix, targets)
}

/** @throws TinygridError invalid_field */
export function optionChangesOfBody(
  body: OptionBody,
  prefix: string,
  targets: TargetRules,
): OptionChanges {
  return parseOptionChanges(asKept(body, prefix), prefix, targets)
}

function asKept(body: OptionBody, prefix: string): OptionBody {
  const { validFrom, rules } = body
  if (typeof validFrom !== 'string' && !Array.isArray(rules)) return body
  return {
    ...body,
    validFrom:
      typeof validFrom === 'string' ? parseIsoTimeField(validFrom, prefix, 'validFrom') : validFrom,
    rules: Array.isArray(rules) ? rulesOfBody(rules as RuleView[], `${prefix}rules`) : rules,
  }
}

type ShownOptions = {
  readonly [Name in ShownName]: Type.Static<(typeof shownOptions)[Name]>
}

export function viewOfOptions(link: LinkOptions): ShownOptions {
  const { validFrom, redirectStatus, expiredUrl, forwardQuery, rules } = link
  return {
    validFrom: validFrom === undefined ? null : formatIsoTime(validFrom),
    redirectStatus: redirectStatus ?? null,
    expiredUrl: expiredUrl ?? null,
    forwardQuery: forwardQuery ?? null,
    rules: rules === undefined ? null : viewOfRules(rules),
  }
}
