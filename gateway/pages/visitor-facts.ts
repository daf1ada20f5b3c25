/**
 * What redirect rules may ask about a visitor: device, language, country, and a draw.
 *
 * Used by the redirect route for links with rules alone. Read as clicks are (`clicks/parse/`), so that rules
 * and statistics mean the same by a phone. Bots have no device. The data of countries are opened when the first
 * such link is followed; where they cannot be, nobody has a country, and that is told once.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Countries } from '../../clicks/parse/address-data.ts'
import { AGENT_READ_MAX, parseAgent } from '../../clicks/parse/agent.ts'
import { BoundedCache } from '../../clicks/parse/bounded-cache.ts'
import { parseLanguage } from '../../clicks/parse/language.ts'
import { RULE_DEVICES, type RuleDevice, type Visitor } from '../../links/redirect-rules.ts'

export interface VisitorFactsOptions {
  /** Opens the data; undefined: there are none. May reject, and is not asked again then. */
  readonly openCountries?: (() => Promise<Countries | undefined>) | undefined
  /** From 0 to below 1. */
  readonly random?: () => number
}

const AGENTS = { entriesMax: 4_096, keyCharsMax: AGENT_READ_MAX } as const
const LANGUAGES = { entriesMax: 1_024, keyCharsMax: 128 } as const

/** Systems as `clicks/parse/agent.ts` names them. */
const SYSTEMS: ReadonlyMap<string, RuleDevice> = new Map([
  ['Android', 'android'],
  ['iOS', 'ios'],
  ['Windows', 'windows'],
  ['macOS', 'macos'],
  ['Linux', 'linux'],
  ['Chrome OS', 'chromeos'],
])

export class VisitorFacts {
  readonly #openCountries: (() => Promise<Countries | undefined>) | undefined
  readonly #random: () => number
  #countries: Promise<Countries | undefined> | undefined
  readonly #agents = new BoundedCache({
    ...AGENTS,
    make: (agent) => ({ devices: devicesOf(agent) }),
  })
  readonly #languages = new BoundedCache({
    ...LANGUAGES,
    make: (header) => ({ language: parseLanguage(header).toLowerCase() }),
  })

  constructor({ openCountries, random = Math.random }: VisitorFactsOptions) {
    this.#openCountries = openCountries
    this.#random = random
  }

  /** @param address as the client's is counted */
  async of(headers: IncomingHttpHeaders, address: string): Promise<Visitor> {
    this.#countries ??= this.#opened()
    const countries = await this.#countries
    const agent = headers['user-agent']?.slice(0, AGENT_READ_MAX) ?? ''
    return {
      devices: this.#agents.get(agent).devices,
      language: this.#languages.get(headers['accept-language'] ?? '').language,
      country: countries?.country(address) ?? '',
      draw: this.#random(),
    }
  }

  /** Who opens them tells why they cannot be had. */
  async #opened(): Promise<Countries | undefined> {
    try {
      return await this.#openCountries?.()
    } catch {
      return undefined
    }
  }
}

function devicesOf(text: string): RuleDevice[] {
  const { device, os } = parseAgent(text)
  const kind = RULE_DEVICES.find((known) => known === device)
  const system = SYSTEMS.get(os)
  return [kind, system].filter((one) => one !== undefined)
}
