/**
 * A click: what is known of one visit after it was parsed, and the names that questions use for it.
 *
 * Made by `parse/` from a record of the click log, kept by `store/`, shown by the gateway. Texts are
 * empty where nothing is known, never null, so that every store groups them alike. All texts come from
 * outside: each has a length that the parser keeps.
 */
import type { Code, EpochMs } from '../links/ids.ts'

/**
 * Who came: a person; a program that says so, or is known to be one; a preview, as chat programs
 * fetch it; a prefetch, which nobody may ever look at. All but the first count as bots.
 */
export const VISITOR_KINDS = ['human', 'bot', 'preview', 'prefetch'] as const
export type VisitorKind = (typeof VISITOR_KINDS)[number]

/** What the network's data tell of it; empty if they tell nothing. */
export const NETWORK_TYPES = ['', 'consumer', 'hosting', 'business', 'education'] as const
export type NetworkType = (typeof NETWORK_TYPES)[number]

export const DEVICES = ['', 'desktop', 'mobile', 'tablet', 'tv', 'console', 'other'] as const
export type Device = (typeof DEVICES)[number]

export interface Click {
  readonly code: Code
  readonly at: EpochMs
  readonly kind: VisitorKind
  /** Of a bot or preview: its name, `Googlebot`. */
  readonly botName: string
  /** ISO 3166-1 alpha-2, `DE`. */
  readonly country: string
  /** Number of the autonomous system; 0: not known. */
  readonly asn: number
  /** Who runs the network. */
  readonly network: string
  readonly networkType: NetworkType
  readonly ipVersion: 0 | 4 | 6
  /** As TINYGRID_IP_PRIVACY lets it be kept. */
  readonly address: string
  /** Salted hash of the day: 16 hexadecimal digits. */
  readonly visitor: string
  readonly browser: string
  readonly browserVersion: string
  readonly os: string
  readonly device: Device
  /** Lower case, without `www.`. */
  readonly referrerHost: string
  readonly referrerPath: string
  /** The first language that the visitor prefers, `de-AT`. */
  readonly language: string
  readonly utmSource: string
  readonly utmMedium: string
  readonly utmCampaign: string
  /** The HTTP status of the redirect: 301, 302, 307 or 308; 404 and 410 for orphans. */
  readonly status: number
  /** The node that answered. */
  readonly node: string
  /** Which redirect rule of the link decided where the visitor went, from 1; 0: none. */
  readonly rule: number
}

/** The statuses of clicks that led to no link. */
export const ORPHAN_STATUSES = [404, 410] as const
const ORPHANS: ReadonlySet<number> = new Set(ORPHAN_STATUSES)

/** Whether a click with this status led to its link's target. */
export function isVisit(status: number): boolean {
  return !ORPHANS.has(status)
}

/** Where a click lies in the click log, and with that its name: each click has one, and no other has it. */
export interface ClickPlace {
  /** Position of its batch in the click log. */
  readonly position: number
  /** Its place in the batch, from 0. */
  readonly index: number
}

export type PlacedClick = Click & ClickPlace

/** Longest texts, in characters; what is longer is cut by the parser. */
export const CLICK_TEXT_MAX = {
  botName: 64,
  network: 128,
  browser: 64,
  browserVersion: 32,
  os: 64,
  referrerHost: 253,
  referrerPath: 256,
  language: 16,
  utmSource: 128,
  utmMedium: 128,
  utmCampaign: 128,
} as const
