/**
 * The settings of what is logged; part of the one list in `config.ts`.
 */
import { choice, flag } from './setting.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export const LOG_SETTINGS = {
  logLevel: choice('TINYGRID_LOG_LEVEL', {
    fallback: 'info',
    of: LOG_LEVELS,
    about: 'least important line that is logged',
  }),
  accessLog: flag('TINYGRID_ACCESS_LOG', {
    fallback: 'false',
    about: 'whether requests are logged, all but redirects that the fast path answers',
  }),
} as const
