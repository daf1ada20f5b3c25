/**
 * One request for each route of the OpenAPI document, so that a new route is attacked without a word.
 *
 * Path parameters get a code that exists; bodies are the smallest that pass. The document comes from
 * the victim. To the documented routes come those that it leaves out: pages and files.
 */
import type { Victim } from './victim.ts'

export interface RouteRequest {
  readonly name: string
  /** A whole request on a connection that stays. */
  readonly text: string
}

const UNDOCUMENTED = ['/', '/docs/', '/robots.txt', '/pages.css', '/nonesuch', '/no/such/page']

const BODIES: Readonly<Record<string, string>> = {
  'POST /api/links': '{"url":"https://example.com/attack","reuse":true}',
  'POST /api/links/bulk': '{"links":[{"url":"https://example.com/attack"}]}',
  'PATCH /api/links/{code}': '{"title":"attacked"}',
}

export async function routeRequests(victim: Victim): Promise<RouteRequest[]> {
  const answer = await fetch(`${victim.program.url}/openapi.json`)
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> }
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => requestOf(victim, method.toUpperCase(), path)),
  )
  return [...documented, ...UNDOCUMENTED.map((path) => requestOf(victim, 'GET', path))]
}

function requestOf({ key }: Victim, method: string, path: string): RouteRequest {
  const name = `${method} ${path}`
  const target = path.replaceAll(/\{[^}]+\}/g, 'stander')
  const hasBody = method === 'POST' || method === 'PATCH' || method === 'PUT'
  const body = hasBody ? (BODIES[name] ?? '{}') : ''
  const head = [
    `${method === 'DELETE' ? 'OPTIONS' : method} ${target} HTTP/1.1`,
    'Host: a',
    `X-Api-Key: ${key}`,
    ...(hasBody ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
  ]
  return { name, text: `${head.join('\r\n')}\r\n\r\n${body}` }
}
