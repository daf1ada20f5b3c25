/**
 * `/rest/v3/short-urls/:code/redirect-rules`: the redirect rules of a short URL, read and set as a whole.
 */
import type { FastifyInstance } from 'fastify'
import { invalid } from '../../stats/question-request.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { ForeignLinks } from '../foreign-links.ts'
import { codeOfRequest } from './domain.ts'
import { drawsTargets, rulesOfShlink, shlinkRulesOf } from './redirect-conditions.ts'
import { bodyOf } from './short-url-body.ts'

const PATH = '/rest/v3/short-urls/:code/redirect-rules'

export function redirectRuleRoutes(app: FastifyInstance, context: ForeignContext): void {
  const links = new ForeignLinks(context)

  app.get(PATH, async (request) => {
    const { url, rules = [] } = await links.live(request, codeOfRequest(context, request))
    return { defaultLongUrl: url, redirectRules: shlinkRulesOf(rules) }
  })

  app.post(PATH, async (request) => {
    const code = codeOfRequest(context, request)
    const wanted = rulesOfShlink(bodyOf(request.body))
    const { rules: known = [] } = await links.live(request, code)
    if (drawsTargets(known)) {
      const detail =
        'A rule of this link draws among targets, which would be lost: change it in Tinygrid'
      throw invalid('redirectRules', detail)
    }
    const { url, rules = [] } = await links.change(request, code, { rules: wanted })
    return { defaultLongUrl: url, redirectRules: shlinkRulesOf(rules) }
  })
}
