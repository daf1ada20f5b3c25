/**
 * The settings of clicks: whether they are counted, what of a visitor is kept, how much and how long.
 *
 * Part of the one list in `config.ts`.
 */
import path from 'node:path'
import { IP_PRIVACIES } from '../clicks/ring/kept-address.ts'
import { bytes, choice, flag, integer, text } from './setting.ts'

export const CLICK_SETTINGS = {
  clicks: flag('TINYGRID_CLICKS', {
    fallback: 'true',
    about: 'whether clicks are counted',
  }),
  ipPrivacy: choice('TINYGRID_IP_PRIVACY', {
    fallback: 'anonymised',
    of: IP_PRIVACIES,
    about:
      'what is kept of addresses: nothing, all but the last octet (of IPv6 the last 80 bits), or ' +
      'all; it holds for what comes from then on',
  }),
  respectDnt: flag('TINYGRID_RESPECT_DNT', {
    fallback: 'false',
    about:
      'whether the click of a browser that sends DNT or Sec-GPC is kept without any address and ' +
      'counts as nobody among unique visitors',
  }),
  clicksBufferBytesMax: bytes('TINYGRID_CLICKS_BUFFER', {
    fallback: '64MB',
    min: '1MB',
    max: '16GB',
    about: 'clicks that may wait while the click log cannot be written; beyond it they are dropped',
  }),
  clicksLogBytesMax: bytes('TINYGRID_CLICKS_LOG_MAX', {
    fallback: '1GB',
    min: '1MB',
    max: '1024GB',
    about: 'bytes that the click log may hold; beyond it the oldest clicks are dropped there',
  }),
  clicksLogDays: integer('TINYGRID_CLICKS_LOG_AGE', {
    fallback: '7',
    min: 1,
    max: 3_650,
    unit: 'days',
    about: 'how long the click log holds a click',
  }),
  clicksRetentionDays: integer('TINYGRID_CLICKS_RETENTION', {
    fallback: '400',
    min: 1,
    max: 36_500,
    unit: 'days',
    about: 'how long single clicks are kept; afterwards they are counted by the hour',
  }),
  clickHouseUrl: text('CLICKHOUSE_URL', {
    isSecret: true,
    pattern: /^https?:\/\/\S{1,1000}$/,
    takes: 'http(s)://user:password@host:8123/database',
    about:
      'ClickHouse, where clicks are kept that are too many for a file of this machine; without a ' +
      'database in it, that of TINYGRID_NAMESPACE is taken',
  }),
  clicksFeed: flag('TINYGRID_CLICKS_FEED', {
    fallback: 'false',
    about:
      'whether a cluster tells clicks as rows of JSON on a stream of its own, for other databases; it holds them ' +
      'as long, and as many bytes, as the click log',
  }),
  webhookPrivate: flag('TINYGRID_WEBHOOK_PRIVATE', {
    fallback: 'false',
    about: 'whether webhooks may be sent to addresses of private networks',
  }),
  reportsDir: text('TINYGRID_REPORTS_DIR', {
    about: 'where reports are written as files; by default reports in the data directory',
  }),
} as const

/** Where clicks are in the data directory: as they were noted, and as they can be asked about. */
export function clickDirectories(dataDir: string): {
  readonly log: string
  readonly store: string
  /** The file of webhooks and reports. */
  readonly hooks: string
} {
  const clicks = path.resolve(dataDir, 'clicks')
  return {
    log: path.join(clicks, 'log'),
    store: path.join(clicks, 'store'),
    hooks: path.join(clicks, 'hooks.json'),
  }
}
