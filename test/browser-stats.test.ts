/**
 * The dashboard over the whole program: clicks that others make, as they come.
 */
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { browserTest, inspect, openPage, startProgram } from './browser.ts'
import { listedCodes, row, settles } from './browser-page.ts'
import { until } from './deadline.ts'
import { API_KEY, type Program } from './program.ts'

const COUNTED_MS_MAX = 80_000
const LINKS = ['jazz', 'blues'].map((code) => ({
  url: `https://example.com/${code}?utm_source=poster`,
  code,
  tags: ['music'],
}))
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** A program that counts, with the links, and its page. */
async function counting(t: ExecutionContext): Promise<{ program: Program; page: Page }> {
  const program = await startProgram(t, { env: { TINYGRID_ROLES: 'gateway,actors,analytics' } })
  for (const link of LINKS) t.is((await program.create(link)).status, 201)
  return { program, page: await openPage(t, `${program.url}/#key=${API_KEY}`) }
}

const counter = (page: Page) => page.locator('[data-metric=clicks]')

function follow(program: Program, code: string): Promise<Response> {
  const headers = { 'user-agent': FIREFOX, referer: 'https://news.example/today' }
  return fetch(`${program.url}/${code}`, { redirect: 'manual', headers })
}

/** The page's counter, once it says so. */
function counts(t: ExecutionContext, page: Page, clicks: number): Promise<void> {
  return settles(t, () => counter(page).innerText(), String(clicks), COUNTED_MS_MAX)
}

browserTest('a click that another client makes moves the counter', async (t) => {
  const { program, page } = await counting(t)
  await page.goto(`${program.url}/#/stats`)
  await page.getByText(/^Live/).waitFor()
  await page.getByText('No clicks in this time').waitFor()
  await follow(program, 'jazz')
  await counts(t, page, 1)
  const feed = page.getByRole('region', { name: 'As they come' })
  await feed.getByText('/jazz').waitFor()
  await feed.getByText(/Firefox, news\.example/).waitFor()
  await follow(program, 'blues')
  await follow(program, 'jazz')
  await counts(t, page, 3)
  await feed.getByText('/blues').waitFor()
  await inspect(t, page, 'stats')
  await page.goto(`${program.url}/#/stats?code=jazz`)
  await feed.getByText('/blues').waitFor({ state: 'detached' })
  await feed.getByText('/jazz').first().waitFor()
})

browserTest('a bar, a link and a tag narrow what the program has counted', async (t) => {
  const { program, page } = await counting(t)
  for (const code of ['jazz', 'jazz', 'blues']) await follow(program, code)
  await program.visit('blues')
  await page.goto(`${program.url}/#/stats`)
  await counts(t, page, 4)
  const technology = page.getByRole('region', { name: 'Technology' })
  await technology.scrollIntoViewIfNeeded()
  await technology.getByRole('button', { name: /^Firefox/ }).click()
  await counts(t, page, 3)
  await page.getByRole('button', { name: /^Browser Firefox/ }).click()
  await counts(t, page, 4)
  await page.goto(`${program.url}/#/stats?code=jazz`)
  await counts(t, page, 2)
  await page.goto(`${program.url}/#/stats?filter=tag:music`)
  await counts(t, page, 4)
  await page.goto(`${program.url}/#/stats?filter=tag:other`)
  await page.getByText('No clicks in this time').waitFor()
})

browserTest('the list counts visits, and sorts by them', async (t) => {
  const { program, page } = await counting(t)
  await follow(program, 'jazz')
  await until('the visit is counted', COUNTED_MS_MAX, async () => {
    const link = (await (await program.api('/api/links/jazz')).json()) as { visits: number | null }
    return link.visits === 1
  })
  // A list whose visits were not told in time shows none, until it is asked for again.
  await until('the list tells the visit', COUNTED_MS_MAX, async () => {
    await page.reload()
    await row(page, 'jazz').waitFor()
    await page.getByText('1 in the last 7 days').waitFor()
    return /1\s+visits\s+, 1 in the last 7 days/.test(await row(page, 'jazz').innerText())
  })
  t.deepEqual(await listedCodes(page), ['blues', 'jazz'])
  await page.getByRole('button', { name: 'Visits' }).click()
  await until('the list is sorted by visits', COUNTED_MS_MAX, async () => {
    return (await listedCodes(page))[0] === 'jazz'
  })
  const header = page.getByRole('columnheader', { name: 'Visits' })
  await settles(t, () => header.getAttribute('aria-sort'), 'descending')
})

browserTest('all visits are taken along as CSV', async (t) => {
  const { program, page } = await counting(t)
  await follow(program, 'jazz')
  await page.goto(`${program.url}/#/stats`)
  await counts(t, page, 1)
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Visits as CSV' }).click()
  const stream = await (await downloading).createReadStream()
  const text = Buffer.concat(await Array.fromAsync(stream)).toString()
  t.is(text.trimEnd().split('\n').length, 2)
  t.true(text.includes('jazz'))
})
