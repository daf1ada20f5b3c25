/**
 * The role that each route under `/api` needs: one table, which the OpenAPI document repeats (`x-role`). Also of
 * the interfaces of other shorteners (`compatible/`).
 *
 * A route that is not here stops the start, so a new one is shut until somebody has thought of it. Each role may
 * what those before it may. What reveals more than links and figures (exports and backups have hashes of passwords,
 * webhooks have addresses of others) or destroys statistics is for admins.
 */
import { KEY_ROLES, type KeyRole } from '../../cluster/keys/access-key.ts'

export const ROLE_OF_ROUTE: Readonly<Record<string, KeyRole>> = {
  'GET /api/links': 'read',
  'GET /api/links/:code': 'read',
  'GET /api/links/:code/stats': 'read',
  'GET /api/links/:code/visits': 'read',
  'GET /api/stats': 'read',
  'GET /api/visits': 'read',
  'GET /api/tags': 'read',
  'GET /api/domains': 'read',
  'GET /api/events': 'read',
  'GET /api/cluster': 'read',
  'GET /api/reports': 'read',
  'GET /api/reports/:id/result': 'read',
  'POST /api/links': 'create',
  'POST /api/links/bulk': 'create',
  'PATCH /api/links/:code': 'edit',
  'DELETE /api/links/:code': 'edit',
  'POST /api/links/:code/restore': 'edit',
  'POST /api/reports': 'edit',
  'PATCH /api/reports/:id': 'edit',
  'DELETE /api/reports/:id': 'edit',
  'GET /api/export': 'admin',
  'GET /api/backup': 'admin',
  'DELETE /api/links/:code/clicks': 'admin',
  'DELETE /api/visits': 'admin',
  'GET /api/webhooks': 'admin',
  'POST /api/webhooks': 'admin',
  'PATCH /api/webhooks/:id': 'admin',
  'DELETE /api/webhooks/:id': 'admin',
  'POST /api/webhooks/:id/test': 'admin',
  'GET /api/webhooks/:id/letters': 'admin',
  'POST /api/webhooks/:id/retry': 'admin',
  'POST /api/cluster/nodes/:node/drain': 'admin',
  'DELETE /api/cluster/nodes/:node/drain': 'admin',
  'GET /api/keys': 'admin',
  'POST /api/keys': 'admin',
  'PATCH /api/keys/:id': 'admin',
  'DELETE /api/keys/:id': 'admin',
  'GET /rest/v3/short-urls': 'read',
  'GET /rest/v3/short-urls/:code': 'read',
  'GET /rest/v3/short-urls/:code/redirect-rules': 'read',
  'GET /rest/v3/short-urls/:code/visits': 'read',
  'GET /rest/v3/visits': 'read',
  'GET /rest/v3/visits/orphan': 'read',
  'GET /rest/v3/visits/non-orphan': 'read',
  'GET /rest/v3/tags': 'read',
  'GET /rest/v3/tags/stats': 'read',
  'GET /rest/v3/tags/:tag/visits': 'read',
  'GET /rest/v3/domains': 'read',
  'GET /rest/v3/domains/:domain/visits': 'read',
  'GET /rest/v3/mercure-info': 'read',
  'POST /rest/v3/short-urls': 'create',
  'PATCH /rest/v3/short-urls/:code': 'edit',
  'DELETE /rest/v3/short-urls/:code': 'edit',
  'POST /rest/v3/short-urls/:code/redirect-rules': 'edit',
  'PUT /rest/v3/tags': 'edit',
  'DELETE /rest/v3/tags': 'edit',
  'PATCH /rest/v3/domains/redirects': 'admin',
  'DELETE /rest/v3/short-urls/:code/visits': 'admin',
  'DELETE /rest/v3/visits/orphan': 'admin',
  'POST /v4/shorten': 'create',
  'POST /v4/bitlinks': 'create',
  'POST /v4/expand': 'read',
  'GET /v4/bitlinks/*': 'read',
  'GET /api/v2/links': 'read',
  'POST /api/v2/links': 'create',
  'PATCH /api/v2/links/:id': 'edit',
  'DELETE /api/v2/links/:id': 'edit',
  'GET /api/v2/links/:id/stats': 'read',
  'GET /api/v2/users': 'read',
  'POST /api/v2/domains': 'admin',
  'DELETE /api/v2/domains/:id': 'admin',
  // What shortens asks for more itself.
  'GET /yourls-api.php': 'read',
  'POST /yourls-api.php': 'read',
  'GET /api/audit': 'admin',
  'GET /api/audit/events': 'admin',
  'GET /api/blocked-hosts': 'admin',
  'GET /api/blocked-hosts/:host': 'admin',
  'PUT /api/blocked-hosts/:host': 'admin',
  'DELETE /api/blocked-hosts/:host': 'admin',
}

/**
 * Where a key with domains is answered, as if there were nothing but links on these. Anywhere else it gets 403: there
 * it is about the whole service, or nobody has thought of it yet.
 */
const HELD_TO_DOMAINS: ReadonlySet<string> = new Set([
  'GET /api/links',
  'GET /api/links/:code',
  'GET /api/links/:code/stats',
  'GET /api/links/:code/visits',
  'GET /api/stats',
  'GET /api/visits',
  'GET /api/tags',
  'GET /api/domains',
  'GET /api/events',
  'GET /api/export',
  'POST /api/links',
  'POST /api/links/bulk',
  'PATCH /api/links/:code',
  'DELETE /api/links/:code',
  'POST /api/links/:code/restore',
  'DELETE /api/links/:code/clicks',
  'GET /rest/v3/short-urls',
  'GET /rest/v3/short-urls/:code',
  'GET /rest/v3/short-urls/:code/redirect-rules',
  'GET /rest/v3/short-urls/:code/visits',
  'GET /rest/v3/visits',
  'GET /rest/v3/visits/orphan',
  'GET /rest/v3/visits/non-orphan',
  'GET /rest/v3/tags',
  'GET /rest/v3/tags/stats',
  'GET /rest/v3/tags/:tag/visits',
  'GET /rest/v3/domains',
  'GET /rest/v3/domains/:domain/visits',
  'GET /rest/v3/mercure-info',
  'POST /rest/v3/short-urls',
  'PATCH /rest/v3/short-urls/:code',
  'DELETE /rest/v3/short-urls/:code',
  'POST /rest/v3/short-urls/:code/redirect-rules',
  'DELETE /rest/v3/short-urls/:code/visits',
  'POST /v4/shorten',
  'POST /v4/bitlinks',
  'POST /v4/expand',
  'GET /v4/bitlinks/*',
  'GET /api/v2/links',
  'POST /api/v2/links',
  'PATCH /api/v2/links/:id',
  'DELETE /api/v2/links/:id',
  'GET /api/v2/links/:id/stats',
  'GET /api/v2/users',
  'GET /yourls-api.php',
  'POST /yourls-api.php',
])

/** @param url as the route is written. undefined: there is no such route */
export function neededRole(method: string, url: string): KeyRole | undefined {
  return ROLE_OF_ROUTE[nameOf(method, url)]
}

/** Whether a key with domains is answered there, and then with what is on these alone. */
export function isHeldToDomains(method: string, url: string): boolean {
  return HELD_TO_DOMAINS.has(nameOf(method, url))
}

function nameOf(method: string, url: string): string {
  return `${method === 'HEAD' ? 'GET' : method} ${url}`
}

export function mayAct(role: KeyRole, needed: KeyRole): boolean {
  return KEY_ROLES.indexOf(role) >= KEY_ROLES.indexOf(needed)
}
