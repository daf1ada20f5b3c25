/**
 * `POST /api/links/bulk`: create many links by one request, or take them in as they were elsewhere.
 *
 * Every item is checked and decided by itself, so one wrong item fails alone. First all are read, and
 * JSON that is none creates nothing; then all are begun, in order, so that their log records share
 * batches and disk syncs: the same URL twice is created by the first and found by the second; then
 * the answer is written. All three are long work.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { noteLink } from '../audit/noted-changes.ts'
import { requestContext, type ApiContext } from './api-context.ts'
import { JSON_TYPE, jsonReply, problemReplies } from './api-replies.ts'
import { parseJson, takeApart } from './bulk-body.ts'
import { toTinygridError } from '../http/error-reply.ts'
import { hasCode, type TinygridError } from '../../links/errors.ts'
import { domainOf } from '../../links/full-code.ts'
import type { ImportRequest } from '../../links/link-owner.ts'
import type { Steps } from '../../links/long-work.ts'
import { assertMayMake } from './caller.ts'
import { acceptJsonOnly } from './json-body.ts'
import type { CreatedLink } from './link-creation.ts'
import type { LinkDraft } from './link-draft.ts'
import { toDraft, toImport, type RequestContext } from './link-request.ts'
import { LongRequests } from './long-request.ts'
import {
  bulkEnvelopeSchema,
  bulkResultsSchema,
  bulkSchema,
  PAST_FIELDS,
  pastLinkSchema,
  type PastLinkBody,
} from './bulk-schemas.ts'
import { newLinkSchema, type NewLinkBody } from './link-schemas.ts'
import { viewOf } from './link-view.ts'
import { toProblem } from '../http/problem.ts'
import { assertValid, compileSchema } from './validation.ts'

type Draft = LinkDraft | ImportRequest | { readonly error: TinygridError }
type Outcome = CreatedLink | { readonly error: TinygridError }

export function bulkRoute(app: FastifyInstance, context: ApiContext): void {
  const { settings, work } = context
  const { bulkLinksMax, bulkBodyBytesMax } = settings
  const bulk = new BulkCreation(context)
  const requests = new LongRequests(work, bulkBodyBytesMax)
  const schema = {
    summary: `Create up to ${bulkLinksMax} links`,
    tags: ['links'],
    body: bulkSchema(settings, bulkLinksMax),
    response: {
      200: jsonReply('What became of each link', bulkResultsSchema),
      ...problemReplies(400, 401, 413, 415, 429, 503),
    },
  }
  const options = {
    schema,
    bodyLimit: bulkBodyBytesMax,
    onRequest: requests.admit,
    // The body is checked where it is read.
    validatorCompiler: () => () => true,
  }
  void app.register(async (scope) => {
    acceptJsonOnly(scope, (body) => body)
    scope.post('/api/links/bulk', options, (request, reply) =>
      requests.answer(request, async () => {
        const drafts = await work.run(
          bulk.read(request, requestContext(context, request)),
          'request',
        )
        const begun = await work.run(bulk.begin(await checked(context, drafts)), 'request')
        const outcomes = await noted(context, request, drafts, await Promise.all(begun))
        const answer = await work.run(bulk.answer(request, outcomes), 'request')
        return reply.type(JSON_TYPE).send(answer)
      }),
    )
  })
}

/** The drafts, with an error in the place of those that may not lead where they are to lead. */
async function checked(
  { blocking: { check } }: ApiContext,
  drafts: readonly Draft[],
): Promise<readonly Draft[]> {
  if (check === undefined) return drafts
  const asked = drafts.map(async (draft, at): Promise<Draft> => {
    if ('error' in draft) return draft
    const code = 'kind' in draft ? draft.code : draft.alias
    try {
      await check.assertAllowed(draft, code, `links[${at}].`)
      return draft
    } catch (thrown) {
      return { error: toTinygridError(thrown) }
    }
  })
  return Promise.all(asked)
}

/** The outcomes, with an error in the place of those that could not be noted in the audit log. */
async function noted(
  context: ApiContext,
  request: FastifyRequest,
  drafts: readonly Draft[],
  outcomes: readonly Outcome[],
): Promise<readonly Outcome[]> {
  if (!context.audit.isOn) return outcomes
  const noting = outcomes.map(async (outcome, at): Promise<Outcome> => {
    if ('error' in outcome || !outcome.isNew) return outcome
    const action = 'kind' in drafts[at]! ? 'link.imported' : 'link.created'
    try {
      await noteLink(context, request, action, outcome.link)
      return outcome
    } catch (thrown) {
      return { error: toTinygridError(thrown) }
    }
  })
  return Promise.all(noting)
}

/** Whether an item is a link as it was somewhere before. */
function hasPast(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false
  return PAST_FIELDS.some((field) => Object.hasOwn(item, field))
}

class BulkCreation {
  readonly #context: ApiContext
  readonly #checkEnvelope
  readonly #checkItem
  readonly #checkPast

  constructor(context: ApiContext) {
    const { settings } = context
    this.#context = context
    this.#checkEnvelope = compileSchema(bulkEnvelopeSchema(settings.bulkLinksMax))
    this.#checkItem = compileSchema(newLinkSchema(settings))
    this.#checkPast = compileSchema(pastLinkSchema(settings))
  }

  /**
   * @param request has the bytes of its body
   * @throws TinygridError where the request is refused whole
   */
  *read(request: FastifyRequest, at: RequestContext): Steps<Draft[]> {
    const body = request.body as Buffer | undefined
    const { bulkLinksMax } = this.#context.settings
    if (body === undefined || body.length === 0) assertValid(this.#checkEnvelope, undefined)
    const { envelope, elements } = yield* takeApart(body!, bulkLinksMax)
    assertValid(this.#checkEnvelope, envelope)
    const drafts: Draft[] = []
    for (const [index, element] of (envelope as { links: number[] }).links.entries()) {
      yield
      const place = { ...at, prefix: `links[${index}].` }
      drafts.push(this.#draftOf(elements[element]!, place, request))
    }
    return drafts
  }

  #draftOf(bytes: Buffer, at: RequestContext, request: FastifyRequest): Draft {
    const path = at.prefix.slice(0, -1)
    try {
      const item = parseJson(bytes, this.#context.settings.bodyBytesMax)
      const draft = this.#read(item, at, path)
      const domain = 'kind' in draft ? domainOf(draft.code) : draft.domain
      assertMayMake(request, { domain, tags: draft.tags })
      return draft
    } catch (thrown) {
      if (hasCode(thrown, 'invalid_json')) throw thrown
      return { error: toTinygridError(thrown) }
    }
  }

  #read(item: unknown, at: RequestContext, path: string): LinkDraft | ImportRequest {
    if (hasPast(item)) {
      assertValid(this.#checkPast, item, path)
      return toImport(item as PastLinkBody, at)
    }
    assertValid(this.#checkItem, item, path)
    return toDraft(item as NewLinkBody, at)
  }

  *begin(drafts: readonly Draft[]): Steps<Promise<Outcome>[]> {
    const { creator } = this.#context
    const outcomes: Promise<Outcome>[] = []
    for (const draft of drafts) {
      yield
      if ('error' in draft) {
        outcomes.push(Promise.resolve(draft))
        continue
      }
      const made = 'kind' in draft ? creator.import(draft) : creator.create(draft)
      outcomes.push(made.catch((thrown) => ({ error: toTinygridError(thrown) })))
    }
    return outcomes
  }

  *answer(request: FastifyRequest, outcomes: readonly Outcome[]): Steps<string> {
    const baseUrl = this.#context.address.baseUrl(request)
    const results: string[] = []
    for (const outcome of outcomes) {
      yield
      results.push(JSON.stringify(this.#resultOf(request, outcome, baseUrl)))
    }
    return `{"results":[${results.join(',')}]}`
  }

  #resultOf(request: FastifyRequest, outcome: Outcome, baseUrl: string) {
    if ('link' in outcome) {
      return { status: outcome.isNew ? 201 : 200, link: viewOf(outcome.link, baseUrl) }
    }
    const { error } = outcome
    const instance = this.#context.errors.report(request, error)
    return { status: error.status, error: toProblem(error, instance) }
  }
}
