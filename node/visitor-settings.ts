/**
 * The settings of what visitors and crawlers get besides a link's own.
 *
 * Part of the one list in `config.ts`.
 */
import { REDIRECT_STATUSES } from '../links/link.ts'
import { ROBOTS_CHOICES } from '../gateway/pages/site-files.ts'
import { choice } from './setting.ts'

export const VISITOR_SETTINGS = {
  redirectStatus: choice('TINYGRID_REDIRECT_STATUS', {
    fallback: '302',
    of: REDIRECT_STATUSES.map(String),
    about:
      'status of redirects, for links that do not say it; browsers keep 301 and 308 for an hour, and ' +
      'what they answer themselves is not counted',
  }),
  forwardQuery: choice('TINYGRID_FORWARD_QUERY', {
    fallback: 'true',
    of: ['true', 'false', 'override'],
    about:
      'whether the query of a visitor goes on to the target, for links that do not say it; override: ' +
      'its parameters replace those of the target',
  }),
  robots: choice('TINYGRID_ROBOTS', {
    fallback: 'allow',
    of: ROBOTS_CHOICES,
    about: 'whether robots.txt lets programs follow short links, as chats do to show a preview',
  }),
} as const
