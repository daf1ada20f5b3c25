/**
 * The settings of clicks: whether they are counted, and how long each is kept.
 *
 * Part of the one list in `config.ts`.
 */
import path from 'node:path'
import { flag, integer, text } from './setting.ts'

export const CLICK_SETTINGS = {
  clicks: flag('TINYGRID_CLICKS', {
    fallback: 'true',
    about: 'whether clicks are counted',
  }),
  clicksRetentionDays: integer('TINYGRID_CLICKS_RETENTION', {
    fallback: '400',
    min: 1,
    max: 36_500,
    unit: 'days',
    about: 'how long single clicks are kept; afterwards they are counted by the hour',
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
