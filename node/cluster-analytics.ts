/**
 * The analytics of a node in a cluster: its own process, or another node's.
 *
 * Used by `program.ts`, which loads this only in a cluster: it needs the driver of NATS.
 */
import type { NatsConnection } from 'nats'
import type { Logger } from 'pino'
import { NatsAnalytics } from '../clicks/analytics/nats-analytics.ts'
import type { Config } from '../config.ts'
import type { RefusedInput } from '../cluster/refused-input.ts'
import { systemClock } from '../links/clock.ts'
import { ownAnalytics, type NodeAnalytics } from './node-analytics.ts'

/**
 * The own process first, another node's if that does not answer; every copy tells of deletions. Not started
 * yet; undefined: no clicks are counted.
 */
export function clusterAnalytics(
  config: Config,
  logger: Logger,
  { connection, refused }: { readonly connection: NatsConnection; readonly refused: RefusedInput },
): NodeAnalytics | undefined {
  if (!config.clicks) return undefined
  let countCopies: (() => number) | undefined
  const { namespace, nodeId } = config
  const about = { connection, namespace, nodeId, refused, clock: systemClock }
  const nats = new NatsAnalytics({ ...about, copies: () => countCopies?.() ?? 0 })
  const others = nats.analytics
  const own = ownAnalytics(config, logger, (isReady, leadsHooks) => {
    nats.listenAtDesk(leadsHooks ? { analytics: own!, desks: own!.desks } : undefined)
    if (isReady) nats.listen(own!)
    else void nats.deafen()
  })
  const here = () => (own?.isReady === true ? own : others)
  return {
    ask: (...asked) => here().ask(...asked),
    visits: (...asked) => here().visits(...asked),
    clicksOf: (codes) => here().clicksOf(codes),
    mostClicked: (offset, limit) => here().mostClicked(offset, limit),
    deleted: (id) => others.deleted(id),
    status: () => here().status(),
    get numbers() {
      return own?.numbers
    },
    get lastError() {
      return own?.lastError ?? null
    },
    desks: nats.desks,
    start: (codesOfTags, copies) => {
      countCopies = copies
      own?.start(codesOfTags)
    },
    close: async (timeoutMs) => own?.close(timeoutMs),
  }
}
