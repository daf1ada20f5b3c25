/**
 * Shlink's web client, which was made for another shortener, used by a person on the real program: every page of
 * it, with nothing refused but what Shlink too refuses where it has no Mercure.
 */
import test, { type ExecutionContext } from 'ava'
import { browserTest, takePicture, startProgram } from './browser.ts'
import { settles } from './browser-page.ts'
import { until } from './deadline.ts'
import { API_KEY, type Program } from './program.ts'
import { findProgram } from './services/service-program.ts'
import { shlinkClient, visitAs } from './shlink-client.ts'
import { servePage, ShlinkWeb } from './shlink-web.ts'

const STORY_MS_MAX = 300_000
const PATIENCE_MS = 60_000
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const BOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
const TARGET = 'https://example.com/long/address'

const webTest = findProgram('shlink-web') === undefined ? test.skip : browserTest

webTest(
  "Shlink's web client works on all of its pages, and nothing that it asks is refused",
  async (t) => {
    t.timeout(STORY_MS_MAX)
    const origin = await servePage(t)
    const program = await startProgram(t, {
      env: {
        TINYGRID_ROLES: 'gateway,actors,analytics',
        TINYGRID_INTERFACES: 'shlink',
        TINYGRID_CORS_ORIGINS: origin,
      },
    })
    const web = await ShlinkWeb.open(t, origin, program.url)
    for (const part of [creates, edits, sets, visits, lists, tags, domains, deletes]) {
      await part(t, web, program)
    }
    t.deepEqual([...new Set(web.refusals)], ['GET /rest/v3/mercure-info 501'])
  },
)

type Part = (t: ExecutionContext, web: ShlinkWeb, program: Program) => Promise<void>

async function linkOf(program: Program, code: string): Promise<Readonly<Record<string, unknown>>> {
  return (await program.api(`/api/links/${code}`)).json() as Promise<Record<string, unknown>>
}

/** In short on the first page, and with all there is on the page for it. */
const creates: Part = async (t, web, program) => {
  const { page } = web
  await page.getByPlaceholder('URL to be shortened').fill(TARGET)
  await page.getByPlaceholder('Custom slug').fill('short')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(`The short URL is ${program.url}/short`).waitFor()

  await web.go('Create short URL')
  await page.getByPlaceholder('URL to be shortened').fill(`${TARGET}/2`)
  for (const tag of ['news', 'press']) {
    await page.getByPlaceholder('Add tags to the URL').fill(tag)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: `Remove ${tag}` }).waitFor()
  }
  await page.getByPlaceholder('Title').fill('A title of its own')
  await page.getByPlaceholder('Custom slug').fill('whole')
  await page.getByLabel('Enabled since:').fill('2020-01-02T03:04')
  await page.getByLabel('Enabled until:').fill('2090-01-02T03:04')
  await page.getByLabel('Maximum visits allowed:').fill('25')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(`The short URL is ${program.url}/whole`).waitFor()
  t.like(await linkOf(program, 'whole'), {
    url: `${TARGET}/2`,
    title: 'A title of its own',
    tags: ['news', 'press'],
    validFrom: '2020-01-02T03:04:00.000Z',
    expiresAt: '2090-01-02T03:04:00.000Z',
    maxVisits: 25,
  })
}

const edits: Part = async (t, web, program) => {
  const { page } = web
  await web.go('List short URLs')
  await web.shows('the new link', web.row('A title of its own'), () => web.lookAgain())
  await web.choose('A title of its own', 'Edit short URL')
  const ofTitle = page.getByPlaceholder('Title')
  await settles(t, () => ofTitle.inputValue(), 'A title of its own')
  await ofTitle.fill('Another title')
  await page.getByLabel('Enabled until:').fill('')
  await page.getByLabel('Maximum visits allowed:').fill('30')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Short URL properly edited.').waitFor()
  const { title, expiresAt, maxVisits, tags } = await linkOf(program, 'whole')
  t.deepEqual(
    [title, expiresAt ?? null, maxVisits, tags],
    ['Another title', null, 30, ['news', 'press']],
  )
}

/** Redirect rules. */
const sets: Part = async (t, web, program) => {
  const { page } = web
  await web.go('List short URLs')
  await web.choose('/short', 'Manage redirect rules')
  await page.getByText('If no conditions match').waitFor()
  await page.getByRole('button', { name: 'Add rule' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Long URL:').fill(`${TARGET}/android`)
  await dialog.getByRole('button', { name: 'Add condition' }).click()
  await dialog.getByLabel('Device type:').selectOption('Android')
  await dialog.getByRole('button', { name: 'Add condition' }).click()
  const types = dialog.getByLabel('Type:', { exact: true })
  await settles(t, () => types.count(), 2)
  await types.last().selectOption('Language')
  await dialog.getByLabel('Language:').fill('de')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('button', { name: 'Save rules' }).click()
  await page.getByText('Redirect rules properly saved.').waitFor()
  const rules = JSON.stringify((await linkOf(program, 'short'))['rules'])
  t.regex(rules, /android/i)
  t.regex(rules, /"de"/)
}

/** Visits of a link, of all links, and those that led nowhere. */
const visits: Part = async (_t, web, program) => {
  const { page } = web
  const client = shlinkClient(program.url, API_KEY)
  await visitAs(FIREFOX, `${program.url}/short`)
  await visitAs(FIREFOX, `${program.url}/whole`)
  await visitAs(BOT, `${program.url}/short`)
  await visitAs(FIREFOX, `${program.url}/nowhere`)
  await until('all visits are counted', PATIENCE_MS, async () => {
    const { nonOrphanVisits, orphanVisits } = await client.getVisitsOverview()
    return nonOrphanVisits.total === 3 && orphanVisits.total === 1
  })
  const ofShort = web.row('/short').getByRole('link', { name: '2', exact: true })
  await web.go('List short URLs')
  await web.shows('the visits of a link', ofShort, () => web.lookAgain())
  await ofShort.click()
  await page.locator('.recharts-surface').first().waitFor()
  await page.getByRole('menuitem', { name: 'By context' }).click()
  await page.getByText('Firefox').first().waitFor()
  await page.getByText('news.example').first().waitFor()
  await takePicture(page, 'shlink-web-visits')
  await page.getByRole('menuitem', { name: 'By location' }).click()
  await page.getByText('Countries').waitFor()
  await page.getByRole('menuitem', { name: 'List' }).click()
  await web.row('Linux').waitFor()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Compare with previous period' }).click()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Exclude potential bots' }).click()
  await page.getByRole('button', { name: /Export \(1\)/ }).waitFor()

  await web.go('Overview')
  await takePicture(page, 'shlink-web-overview')
  await page.getByRole('link', { name: /^Orphan visits/ }).click()
  await page.getByRole('menuitem', { name: 'List' }).click()
  await web.row('/nowhere').waitFor()
  await web.go('Overview')
  await page.getByRole('link', { name: /^Visits/ }).click()
  await page.getByRole('button', { name: /Export \(3\)/ }).waitFor()
}

/** Searched, filtered by tag, ordered, exported. */
const lists: Part = async (t, web, program) => {
  const { page } = web
  await web.reads(/./, () => web.go('List short URLs'))
  const client = shlinkClient(program.url, API_KEY)
  await until('the new title is found', PATIENCE_MS, async () => {
    const { pagination } = await client.listShortUrls({ searchTerm: 'another' })
    return pagination.totalItems === 1
  })
  const [short, whole] = [`${program.url}/short`, `${program.url}/whole`]
  const codes = () =>
    page.getByRole('row').getByRole('link', { name: program.url }).allTextContents()
  const search = page.getByPlaceholder('Search...')
  await web.reads(/searchTerm=another/, () => search.fill('another'))
  await settles(t, codes, [whole])
  await web.reads(/^(?!.*searchTerm)/, () => search.fill(''))
  await settles(t, codes, [whole, short])
  const header = page.getByRole('columnheader', { name: 'Visits' })
  await web.reads(/orderBy=visits/, () => header.click())
  await settles(t, codes, [whole, short])
  await web.reads(/orderBy=visits/, () => header.click())
  await settles(t, codes, [short, whole])
  await takePicture(page, 'shlink-web-list')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export (2)' }).click()
  t.is((await download).suggestedFilename(), 'short_urls.csv')
  for (const code of ['/short', '/whole']) await web.choose(code, 'Compare visits')
  await page.getByRole('link', { name: 'Compare (2/5)' }).click()
  await page.locator('.recharts-surface').first().waitFor()
  await web.reads(/./, () => web.go('List short URLs'))
  await page.getByRole('button', { name: 'All short URLs' }).click()
  const days = page.getByRole('menuitem', { name: 'Last 7 days' })
  await web.reads(/startDate=/, () => days.click())
  await page.getByRole('button', { name: 'More' }).click()
  const exclude = page.getByRole('menuitem', { name: 'Exclude with visits reached' })
  await web.reads(/excludeMaxVisitsReached=/, () => exclude.click())
  await web.row('/short').waitFor()
  const tag = web.row('/whole').getByRole('button', { name: 'press' })
  await web.reads(/tags/, () => tag.click())
  await settles(t, codes, [whole])
}

const tags: Part = async (t, web, program) => {
  const { page } = web
  await web.load('/manage-tags')
  const ofTag = web.row('press').getByTestId('visits-amount')
  await web.shows('the tags', ofTag, () => web.load('/manage-tags'))
  await web.choose('press', 'Edit')
  const dialog = page.getByRole('dialog')
  await dialog.getByPlaceholder('Tag').fill('papers')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await web.row('papers').waitFor()
  t.deepEqual((await linkOf(program, 'whole'))['tags'], ['news', 'papers'])
  await web.choose('news', 'Delete tag')
  await dialog.getByRole('button', { name: 'Delete tag' }).click()
  await web.row('news').waitFor({ state: 'detached' })
  t.deepEqual((await linkOf(program, 'whole'))['tags'], ['papers'])
  await web.row('papers').getByTestId('visits-amount').click()
  await page.getByRole('button', { name: /Export \(1\)/ }).waitFor()
}

const domains: Part = async (_t, web, program) => {
  const { page } = web
  const { host } = new URL(program.url)
  await web.go('Manage domains')
  await web.row(host).waitFor()
  await web.choose(host, 'Visit stats')
  await page.getByRole('button', { name: /Export \(3\)/ }).waitFor()
  await web.go('Manage domains')
  await web.choose(host, 'Short URLs')
  await web.row('/short').waitFor()
}

/** The visits of a link, and then a link. */
const deletes: Part = async (t, web, program) => {
  const { page } = web
  await web.go('List short URLs')
  await web.choose('/whole', 'Visit stats')
  await page.getByRole('menuitem', { name: 'Options' }).click()
  await page.getByRole('button', { name: 'Delete visits' }).click()
  await page.getByRole('button', { name: 'Click again to confirm' }).click()
  await page.getByText('Visits: 0').waitFor()
  await web.go('List short URLs')
  await web.choose('/short', 'Delete short URL')
  const dialog = page.getByRole('dialog')
  await dialog.getByPlaceholder('delete').fill('delete')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await web.row('/short').waitFor({ state: 'detached' })
  t.is((await fetch(`${program.url}/short`, { redirect: 'manual' })).status, 410)
}
