/**
 * From a record of the click log to a click.
 *
 * Used by analytics, and by gateways while someone watches. Any record gives a click: what cannot be
 * understood is left out, no text is longer than `CLICK_TEXT_MAX` says, none has control characters. The
 * same record gives the same click each time, whatever is in the caches, which are bounded. Nothing here
 * waits, reads a file or knows the time.
 */
import type { Click } from '../click.ts'
import type { ClickRecord } from '../log/click-batch.ts'
import type { AddressBook } from './address-book.ts'
import { AGENT_READ_MAX, parseAgent } from './agent.ts'
import { BoundedCache } from './bounded-cache.ts'
import { NO_CAMPAIGN, parseCampaign, type Campaign } from './campaign.ts'
import { readKeptHeaders } from './kept-headers.ts'
import { parseLanguage } from './language.ts'
import { NO_REFERRER, parseReferrer } from './referrer.ts'
import { saysPrefetch } from './visit-purpose.ts'

export interface ClickParserOptions {
  readonly addresses: AddressBook
  /** Whether clicks have the address as the record has it, or none. */
  readonly keepsAddress: boolean
}

/** Together some 80 MB when all that comes is as long and as different as can be. */
const CACHES = {
  agents: { entriesMax: 8_192, keyCharsMax: AGENT_READ_MAX },
  addresses: { entriesMax: 131_072, keyCharsMax: 64 },
  referrers: { entriesMax: 8_192, keyCharsMax: 512 },
  languages: { entriesMax: 4_096, keyCharsMax: 128 },
  queries: { entriesMax: 8_192, keyCharsMax: 512 },
} as const

export class ClickParser {
  readonly #keepsAddress: boolean
  readonly #agents = new BoundedCache({ ...CACHES.agents, make: parseAgent })
  readonly #referrers = new BoundedCache({ ...CACHES.referrers, make: parseReferrer })
  readonly #languages = new BoundedCache({
    ...CACHES.languages,
    make: (header) => ({ language: parseLanguage(header) }),
  })
  readonly #queries = new BoundedCache({ ...CACHES.queries, make: parseCampaign })
  readonly #addresses

  constructor({ addresses, keepsAddress }: ClickParserOptions) {
    this.#keepsAddress = keepsAddress
    const make = (address: string) => addresses.find(address)
    this.#addresses = new BoundedCache({ ...CACHES.addresses, make })
  }

  /** @param node that wrote the batch of the record */
  parse(record: ClickRecord, node: string): Click {
    const headers = readKeptHeaders(record.headers)
    const agent = this.#agents.get(headers.agent.slice(0, AGENT_READ_MAX))
    const place = this.#addresses.get(record.address)
    const referrer = headers.referrer === '' ? NO_REFERRER : this.#referrers.get(headers.referrer)
    const campaign = this.#campaignOf(record)
    const isPrefetch = agent.kind === 'human' && saysPrefetch(headers.purpose)
    return {
      code: record.code,
      at: record.at,
      kind: isPrefetch ? 'prefetch' : agent.kind,
      botName: agent.botName,
      country: place.country,
      asn: place.asn,
      network: place.network,
      networkType: place.networkType,
      ipVersion: place.ipVersion,
      address: this.#keepsAddress && place.ipVersion !== 0 ? record.address : '',
      visitor: record.visitor,
      browser: agent.browser,
      browserVersion: agent.browserVersion,
      os: agent.os,
      device: agent.device,
      referrerHost: referrer.host,
      referrerPath: referrer.path,
      language: this.#languages.get(headers.language).language,
      utmSource: campaign.source,
      utmMedium: campaign.medium,
      utmCampaign: campaign.campaign,
      status: record.status,
      node,
      rule: record.rule,
    }
  }

  #campaignOf({ query, targetQuery }: ClickRecord): Campaign {
    const own = query === '' ? NO_CAMPAIGN : this.#queries.get(query)
    const target = targetQuery === '' ? NO_CAMPAIGN : this.#queries.get(targetQuery)
    if (target === NO_CAMPAIGN) return own
    return {
      source: own.source || target.source,
      medium: own.medium || target.medium,
      campaign: own.campaign || target.campaign,
    }
  }
}
