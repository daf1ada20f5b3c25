/**
 * The interfaces of other shorteners, so that tools made for them go on with another address.
 *
 *   /rest/v3/**        shlink/   Shlink's REST interface, version 3; also /rest/health
 *   /yourls-api.php    yourls/   YOURLS' interface
 *   /v4/**             bitly/    a few routes of Bitly's, version 4
 *   /api/v2/**         kutt/     links, statistics and the user of Kutt's, version 2
 *
 * Each is a way of writing what our own API takes: the same keys and roles, checks, limits, owners and long
 * work stand behind it, and nothing that a link may hold is said here. None is on by default, because each is
 * one more door, and takes a path from nobody: their addresses have more parts than a code, or a dot. They are
 * described by their makers, so the OpenAPI document leaves them out; what differs is in docs/other-clients.md.
 */
import type { FastifyInstance } from 'fastify'
import { bitlyInterface } from './bitly/bitly-interface.ts'
import { TaggedCodes } from '../stats/tagged-codes.ts'
import type { ForeignContext } from './foreign-context.ts'
import type { ForeignInterface } from './foreign-interfaces.ts'
import { kuttInterface } from './kutt/kutt-interface.ts'
import { shlinkInterface } from './shlink/shlink-interface.ts'
import { yourlsInterface } from './yourls/yourls-interface.ts'

const REGISTER: Readonly<
  Record<ForeignInterface, (app: FastifyInstance, context: ForeignContext) => void>
> = { shlink: shlinkInterface, yourls: yourlsInterface, bitly: bitlyInterface, kutt: kuttInterface }

/** Each in a scope of its own, so that its hooks and errors are its own. */
export async function compatibleInterfaces(
  app: FastifyInstance,
  names: readonly ForeignInterface[],
  context: Omit<ForeignContext, 'tagged'>,
): Promise<void> {
  const tagged = new TaggedCodes(context.directory, context.now)
  for (const name of names) {
    await app.register(async (scope) => REGISTER[name](scope, { ...context, tagged }))
  }
}
