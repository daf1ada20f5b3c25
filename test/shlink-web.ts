/**
 * Shlink's web client as a person has it open in a browser: served from an origin of its own, with a server added.
 *
 * Used by the story of it. Everything that it asks of Tinygrid is kept, with the answer's status, so that the story
 * can say that nothing was refused. Menus and forms go by the names that people see.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Locator, Page } from 'playwright-core'
import { openPage } from './browser.ts'
import { until } from './deadline.ts'
import { API_KEY } from './program.ts'
import { findProgram } from './services/service-program.ts'

const EMPTY = '/empty'
/** On a stalled machine, and beside other tests. */
const PATIENCE_MS = 60_000
/** How long it is waited for what may not come, before it is tried again. */
const GLANCE_MS = 2_000
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
}

/** Serves the built page; where there is no file, the page itself, which has the addresses of its parts. */
export async function servePage(t: ExecutionContext): Promise<string> {
  const folder = path.join(path.dirname(findProgram('shlink-web')!.path), 'dist')
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://page')
    if (pathname === EMPTY) return response.setHeader('content-type', 'text/html').end()
    const isPart = pathname.startsWith('/assets/')
    const file = path.join(folder, isPart ? `assets/${path.basename(pathname)}` : 'index.html')
    response.setHeader('content-type', TYPES[path.extname(file)]!)
    return response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export class ShlinkWeb {
  readonly page: Page
  /** What was refused: method, path and status. */
  readonly refusals: string[] = []

  readonly #addressOf: (place: string) => string

  private constructor(page: Page, addressOf: (place: string) => string) {
    this.page = page
    this.#addressOf = addressOf
  }

  static async open(t: ExecutionContext, origin: string, baseUrl: string): Promise<ShlinkWeb> {
    const server = encodeURIComponent(JSON.stringify({ baseUrl, apiKey: API_KEY }))
    const size = { viewport: { width: 1400, height: 1000 } }
    // Empty at first: nothing is asked before it is watched.
    const page = await openPage(t, origin + EMPTY, size, [baseUrl])
    page.setDefaultTimeout(PATIENCE_MS)
    const web = new ShlinkWeb(page, (place) => `${origin}${place}#${server}`)
    page.on('response', (response) => {
      const url = new URL(response.url())
      if (url.origin !== baseUrl) return
      const status = response.status()
      // The page asks again what cannot be answered just now, on a machine that stands still.
      if (status < 400 || status === 503) return
      web.refusals.push(`${response.request().method()} ${url.pathname} ${status}`)
    })
    await web.load('/')
    return web
  }

  /** Loads it anew, as tags and domains are read once. */
  async load(place: string): Promise<void> {
    // By way of nowhere: to another # of the same page it would not load anything.
    await this.page.goto(this.#addressOf(EMPTY))
    await this.page.goto(this.#addressOf(place))
  }

  /** Goes to a part of it by the menu at the side. */
  async go(part: string): Promise<void> {
    await this.page.getByRole('complementary').getByRole('link', { name: part }).click()
  }

  row(text: string | RegExp): Locator {
    return this.page.getByRole('row').filter({ hasText: text })
  }

  /** Chooses from the menu of a row, which closes where the list is just read anew. */
  async choose(text: string | RegExp, item: string): Promise<void> {
    const options = this.row(text).getByRole('button', { name: 'Options' })
    const wanted = this.page.getByRole('menuitem', { name: item })
    await until(`"${item}" of ${text} is chosen`, PATIENCE_MS, async () => {
      if (!(await wanted.isVisible())) await options.click()
      return succeeds(wanted.click({ timeout: GLANCE_MS }))
    })
  }

  /** Lists short URLs once more. */
  async lookAgain(): Promise<void> {
    await this.go('Overview')
    await this.go('List short URLs')
  }

  /**
   * Does what has the list of short URLs read anew, and waits for its answer: where two are asked for at once, the
   * page shows the one that comes last.
   *
   * @param query what the question has in its address
   */
  async reads(query: RegExp, action: () => Promise<void>): Promise<void> {
    const answered = this.page.waitForResponse((response) => {
      const { pathname, search } = new URL(response.url())
      const isList = response.request().method() === 'GET' && pathname.endsWith('/short-urls')
      return isList && response.ok() && query.test(search)
    })
    await Promise.all([answered, action()])
  }

  /** Lists come a little later than changes: looks again by another way until it is there. */
  async shows(what: string, locator: Locator, again: () => Promise<void>): Promise<void> {
    await until(what, PATIENCE_MS, async () => {
      if (await locator.first().isVisible()) return true
      await again()
      return succeeds(locator.first().waitFor({ timeout: GLANCE_MS }))
    })
  }
}

const succeeds = (action: Promise<void>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  )
