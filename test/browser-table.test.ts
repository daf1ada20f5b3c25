/**
 * The list of links as a table: what fits on a screen, how it is narrowed, and what is done to many links
 * at once.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { browserTest, inspect, signedIn } from './browser.ts'
import { listedCodes, row, settles } from './browser-page.ts'
import { until } from './deadline.ts'
import type { Program } from './program.ts'

const SHOWN_MS_MAX = 15_000
const codes = ['apple', 'brick', 'cress']
const LINKS = codes.map((code) => ({ url: `https://example.com/${code}`, code, tags: ['old'] }))

const choose = (page: Page, code: string) =>
  row(page, code)
    .getByRole('checkbox', { name: /^Choose/ })
    .check()
const bar = (page: Page) => page.getByRole('region', { name: 'Chosen links' })

async function shows(page: Page, ...wanted: readonly string[]): Promise<void> {
  await until(`the list shows ${wanted.join()}`, SHOWN_MS_MAX, async () => {
    return (await listedCodes(page)).join() === wanted.join()
  })
}

async function tagsOf(program: Program, code: string): Promise<readonly string[]> {
  const link = (await (await program.api(`/api/links/${code}`)).json()) as { tags: string[] }
  return link.tags
}

browserTest('twelve links fit on a screen of 1280 x 800', async (t) => {
  const links = Array.from({ length: 14 }, (_, index) => ({
    url: `https://example.com/a/rather/long/address/${index}?utm_source=newsletter`,
    code: `link${index}`,
    title: 'A title that says what it is',
    tags: ['spring', 'print'],
  }))
  const { page } = await signedIn(t, links, { viewport: { width: 1280, height: 800 } })
  await row(page, 'link0').waitFor()
  const { y, height } = (await page.locator('tbody').getByRole('row').nth(11).boundingBox())!
  t.true(y + height <= 800, `the twelfth ends at ${y + height}`)
  await inspect(t, page, 'table')
})

browserTest('links that are chosen are tagged together', async (t) => {
  const { program, page } = await signedIn(t, LINKS)
  await choose(page, 'apple')
  await choose(page, 'cress')
  await bar(page).getByText('2 chosen').waitFor()
  await inspect(t, page, 'chosen')
  await bar(page).getByLabel('Tag for the chosen links').fill('new')
  await page.keyboard.press('Enter')
  await bar(page).getByText('2 links are tagged “new”.').waitFor()
  await row(page, 'cress').getByRole('button', { name: 'new' }).waitFor()
  await settles(t, () => tagsOf(program, 'apple'), ['old', 'new'])
  await settles(t, () => tagsOf(program, 'brick'), ['old'])
})

browserTest('links that are chosen are deleted together, and come back together', async (t) => {
  const { program, page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await page.getByRole('checkbox', { name: 'Choose all links that are shown' }).check()
  await bar(page)
    .getByRole('button', { name: /^Delete/ })
    .click()
  await bar(page).getByText('3 links are deleted.').waitFor()
  t.deepEqual(
    await Promise.all(codes.map(async (code) => (await program.visit(code)).status)),
    [410, 410, 410],
  )
  await inspect(t, page, 'deleted-together')
  await bar(page).getByRole('button', { name: /^Undo/ }).click()
  await bar(page).getByText('3 links are back.').waitFor()
  t.is((await program.visit('brick')).status, 302)
  await choose(page, 'brick')
})

browserTest('links that are chosen are taken along as CSV', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await choose(page, 'brick')
  await choose(page, 'apple')
  const downloading = page.waitForEvent('download')
  await bar(page).getByRole('button', { name: 'Export CSV' }).click()
  const lines = (await readFile(await (await downloading).path(), 'utf8')).trimEnd().split('\r\n')
  t.deepEqual(
    lines.map((line) => line.split(',')[0]),
    ['code', 'brick', 'apple'],
  )
})

browserTest('the list is narrowed to a state and to days', async (t) => {
  const { page } = await signedIn(t, [
    ...LINKS,
    { url: 'https://example.com/once', code: 'once', maxVisits: 1 },
  ])
  await shows(page, 'once', 'cress', 'brick', 'apple')
  await page.getByLabel('State').selectOption('Used up')
  await page.getByText('No links match the state and time.').waitFor()
  await page.getByLabel('State').selectOption('Working')
  await shows(page, 'once', 'cress', 'brick', 'apple')
  await page.getByLabel('Created to').fill('2020-01-01')
  await page.getByText('No links match the state and time.').waitFor()
  await inspect(t, page, 'narrowed-to-nothing')
  await page.getByRole('button', { name: 'Show all links' }).click()
  await shows(page, 'once', 'cress', 'brick', 'apple')
})
