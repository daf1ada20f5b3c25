/**
 * The few small files that belong to the service and not to the web page's build.
 *
 * The style sheet of the server's own pages, the icon, and robots.txt. That keeps programs from everything
 * but short links, so that chats can show what one leads to; or, by a setting, from those too. Redirects
 * have no X-Robots-Tag: there is nothing in them to index, and where they lead has rules of its own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Domain } from '../../links/full-code.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { RequestDomains } from '../http/request-domains.ts'
import { STYLESHEET_PATH } from './page.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'

const STYLESHEET = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f5, #0f1413);
  --text: light-dark(#17201d, #e6ece9);
  --quiet: light-dark(#55625c, #9aa8a2);
  --accent: light-dark(#0a6b5c, #5fd0a6);
  --wrong: light-dark(#a3261b, #ff9d92);
}
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  place-content: center;
  gap: 2rem;
  padding: 1.5rem;
  box-sizing: border-box;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
main { max-width: 38rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.75rem; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.rules li { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
body:has(.guide) { place-content: start center; }
main:has(.guide) { max-width: min(60rem, 100vw - 3rem); }
.guide pre, .guide table { overflow-x: auto; }
.guide pre { padding: 0.75rem 1rem; border-radius: 0.375rem; background: light-dark(#e9ece8, #1a211f); line-height: 1.4; }
.guide code { font-size: 0.875em; }
.guide table { display: block; border-collapse: collapse; margin: 0 0 1rem; }
.guide th, .guide td { padding: 0.35rem 1rem 0.35rem 0; border-bottom: 1px solid var(--quiet); text-align: left; vertical-align: top; }
.guide h2 { margin: 2rem 0 0.5rem; }
label { display: block; font-weight: 600; }
input, button { font: inherit; padding: 0.5rem 0.75rem; border-radius: 0.375rem; box-sizing: border-box; }
input { width: 100%; margin: 0.25rem 0 1rem; border: 1px solid var(--quiet); background: transparent; color: inherit; }
button { border: 0; background: var(--accent); color: var(--ground); font-weight: 600; cursor: pointer; }
input:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { color: var(--wrong); font-weight: 600; }
.status { color: var(--quiet); font-variant-numeric: tabular-nums; }
.target { font-size: 1.15rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0; }
dt, footer { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
`

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0a6b5c"/>
<path d="M8 11h16M16 11v13" stroke="#fff" stroke-width="4" stroke-linecap="round"/>
</svg>
`

export const ROBOTS_CHOICES = ['allow', 'deny'] as const
/** Whether programs may follow short links. */
export type Robots = (typeof ROBOTS_CHOICES)[number]

/** RFC 9309: the longest rule that fits counts, `$` is the end. Codes may begin like these. */
const NO_CODES = ['/api', '/docs', '/health', '/metrics', '/openapi.json', '/assets']

const ROBOTS: Readonly<Record<Robots, string>> = {
  allow: `User-agent: *
Allow: /
${NO_CODES.map((path) => `Disallow: ${path}$\nDisallow: ${path}?\nDisallow: ${path}/\n`).join('')}Disallow: /*+$
Disallow: /*+?
`,
  deny: `User-agent: *
Allow: /$
Disallow: /
`,
}

interface SiteFile {
  readonly type: string
  readonly content: string
}

const FILES: Readonly<Record<string, SiteFile>> = {
  [STYLESHEET_PATH]: { type: 'text/css; charset=utf-8', content: STYLESHEET },
  '/favicon.svg': { type: 'image/svg+xml', content: ICON },
  '/favicon.ico': { type: 'image/svg+xml', content: ICON },
}

const DAY_SECONDS = 86_400

/** @param served undefined: the default domain alone */
export function siteFiles(
  app: FastifyInstance,
  { robots, domains }: Pick<GatewaySettings, 'robots' | 'domains'>,
  served: RequestDomains | undefined,
): void {
  for (const [path, { type, content }] of Object.entries(FILES)) {
    const bytes = Buffer.from(content)
    app.get(path, HIDDEN, (_request, reply) => sendFile(reply, type, bytes))
  }
  const ofDomains = new Map<Domain | null, Robots>(domains.map((one) => [one.name, one.robots]))
  app.get('/robots.txt', HIDDEN, (request: FastifyRequest, reply) => {
    const own = ofDomains.get(served?.of(request.raw) ?? null) ?? robots
    return sendFile(reply, 'text/plain; charset=utf-8', Buffer.from(ROBOTS[own]))
  })
}

const HIDDEN = { schema: { hide: true } }

function sendFile(reply: FastifyReply, type: string, bytes: Buffer): FastifyReply {
  return reply
    .headers(SECURITY_HEADERS)
    .type(type)
    .header('cache-control', `public, max-age=${DAY_SECONDS}`)
    .send(bytes)
}
