import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { fastify } from 'fastify'
import { webPage } from './web-page.ts'

async function builtPage(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-page-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await mkdir(path.join(directory, 'assets'))
  await writeFile(path.join(directory, 'index.html'), '<!doctype html><p>The page</p>')
  await writeFile(path.join(directory, 'assets', 'main-1a2b3c.js'), 'export {}')
  return directory
}

async function serve(t: ExecutionContext, directory: string) {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register((scope) => webPage(scope, false, directory))
  return app
}

test('the page is asked for anew each time, its files are kept for ever', async (t) => {
  const app = await serve(t, await builtPage(t))
  const page = await app.inject('/')
  t.is(page.statusCode, 200)
  t.is(page.headers['cache-control'], 'no-cache')
  t.true(page.body.includes('The page'))
  const script = await app.inject('/assets/main-1a2b3c.js')
  t.is(script.statusCode, 200)
  t.is(script.headers['cache-control'], 'public, max-age=31536000, immutable')
  t.regex(String(script.headers['content-type']), /javascript/)
  t.is(script.headers['x-content-type-options'], 'nosniff')
})

test('nothing but the built files can be had', async (t) => {
  const app = await serve(t, await builtPage(t))
  for (const url of ['/assets/none.js', '/assets/../index.html', '/assets/%2e%2e/index.html']) {
    t.is((await app.inject(url)).statusCode, 404, url)
  }
})

test('a page that was not built says so', async (t) => {
  const app = await serve(t, '/nowhere')
  const page = await app.inject('/')
  t.is(page.statusCode, 503)
  t.true(page.body.includes('npm run prepare'))
})
