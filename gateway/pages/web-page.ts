/**
 * The web page: what Vite built, served at `/`.
 *
 * Files under /assets carry a hash of their content in their name and may be kept for ever; the page
 * itself is asked for anew each time. If it was not built, `/` says so instead of being empty.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { guidePages } from './guide-pages.ts'
import { html, HTML_TYPE, page } from './page.ts'
import { shareFiles } from '../http/shared-files.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'

const BUILT_PAGE = path.join(import.meta.dirname, '..', 'web', 'dist')
const YEAR_SECONDS = 31_536_000

/** @param signsIn whether people sign in: the page is told so by a mark in its head */
export async function webPage(
  app: FastifyInstance,
  signsIn = false,
  directory = BUILT_PAGE,
): Promise<void> {
  const built = readIndex(directory)
  const index = signsIn ? built && markedIndex(built) : built
  if (index === undefined) return notBuilt(app)
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply
      .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' })
      .type(HTML_TYPE)
      .send(index),
  )
  guidePages(app, path.join(directory, 'docs'))
  shareFiles(app)
  await app.register(fastifyStatic, {
    root: path.join(directory, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    index: false,
    immutable: true,
    maxAge: YEAR_SECONDS * 1000,
    schemaHide: true,
    setHeaders: (reply) => void reply.headers(SECURITY_HEADERS),
  })
}

/** Says that there is a sign-in: without the mark the page asks for no session. */
function markedIndex(index: Buffer): Buffer {
  return Buffer.from(
    String(index).replace('</head>', '<meta name="sign-in" content="on" /></head>'),
  )
}

/** Read once: a build that replaces it comes with a new start. */
function readIndex(directory: string): Buffer | undefined {
  try {
    return readFileSync(path.join(directory, 'index.html'))
  } catch {
    return undefined
  }
}

function notBuilt(app: FastifyInstance): void {
  const content = html`<h1>The web page is not built</h1>
    <p>
      Run <code>npm run prepare</code> and start the server again. Short links and the API work.
    </p>`
  const text = page({ title: 'The web page is not built', content })
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply
      .code(503)
      .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
      .type(HTML_TYPE)
      .send(text),
  )
}
