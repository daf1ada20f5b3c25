/**
 * The documentation, as the build made it of `docs/` into `directory`: `/docs/` is its first page, `/docs/NAME` each other one.
 *
 * Open, as the description of the HTTP interface is (`/docs/api`). Read once, at the start. Without a build there
 * are no such pages.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { SECURITY_HEADERS } from '../http/security-headers.ts'
import { HTML_TYPE } from './page.ts'

const PAGE_ENDING = '.html'

export function guidePages(app: FastifyInstance, directory: string): void {
  for (const file of filesIn(directory)) {
    const bytes = readFileSync(path.join(directory, file))
    const isPage = file.endsWith(PAGE_ENDING)
    const type = isPage ? HTML_TYPE : 'application/json; charset=utf-8'
    for (const address of addressesOf(isPage ? file.slice(0, -PAGE_ENDING.length) : file)) {
      app.get(address, { schema: { hide: true } }, (_request, reply) =>
        reply
          .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' })
          .type(type)
          .send(bytes),
      )
    }
  }
}

function addressesOf(name: string): readonly string[] {
  return name === 'index' ? ['/docs', '/docs/'] : [`/docs/${name}`]
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
