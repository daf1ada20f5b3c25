/**
 * The settings of the audit log: whether there is one, and how much of it is kept.
 *
 * Part of the one list in `config.ts`, by `blocking-settings.ts`.
 */
import { bytes, flag, integer } from './setting.ts'

export const AUDIT_SETTINGS = {
  audit: flag('TINYGRID_AUDIT', {
    fallback: 'false',
    about:
      'whether each change of links, keys, webhooks and blocked hosts is noted, with who made it',
  }),
  auditDays: integer('TINYGRID_AUDIT_AGE', {
    fallback: '365',
    min: 1,
    max: 3650,
    unit: 'days',
    about: 'how long such a note is kept',
  }),
  auditBytesMax: bytes('TINYGRID_AUDIT_MAX', {
    fallback: '256MB',
    min: '1MB',
    max: '64GB',
    about: 'bytes of notes that are kept; beyond it the oldest go',
  }),
} as const
