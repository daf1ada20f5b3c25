/**
 * The settings of what visitors and crawlers get besides a link's own.
 *
 * Part of the one list in `config.ts`.
 */
import { choice } from './setting.ts'

export const VISITOR_SETTINGS = {
  forwardQuery: choice('TINYGRID_FORWARD_QUERY', {
    fallback: 'true',
    of: ['true', 'false', 'override'],
    about:
      'whether the query of a visitor goes on to the target, for links that do not say it; override: ' +
      'its parameters replace those of the target',
  }),
} as const
