/**
 * The dashboard in a real browser: what it shows of made-up clicks, and every way to narrow them.
 */
import { readFile } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { browserTest, inspect, signedIn } from './browser.ts'
import { settles } from './browser-page.ts'
import { until } from './deadline.ts'
import { MadeUpClicks, type MadeUpClick } from './made-up-clicks.ts'

const HOUR_MS = 3_600_000
const SHOWN_MS_MAX = 15_000
const PNG_SIGNATURE = '89504e470d0a1a0a'

/** Yesterday's clicks, at an hour of UTC. */
function clicksAt(hour: number, count: number, more: Partial<MadeUpClick> = {}): MadeUpClick[] {
  const midnight = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS
  return Array.from({ length: count }, (_, index) => ({
    code: 'jazz',
    at: midnight + (hour - 24) * HOUR_MS,
    kind: 'human',
    visitor: `v${index}`,
    country: 'DE',
    browser: 'Firefox',
    referrer: 'news.example',
    ...more,
  }))
}

const SOME = [
  ...clicksAt(10, 6),
  ...clicksAt(11, 3, { country: 'FR', browser: 'Chrome' }),
  ...clicksAt(12, 2, { country: 'FR', code: 'blues', referrer: '' }),
  ...clicksAt(13, 1, { country: '', kind: 'bot', browser: '', code: 'blues' }),
]

async function dashboard(
  t: ExecutionContext,
  clicks: readonly MadeUpClick[] = SOME,
  options: BrowserContextOptions = {},
) {
  const { program, page } = await signedIn(t, [], { timezoneId: 'UTC', ...options })
  const behind = new MadeUpClicks(clicks)
  await behind.answerTo(page)
  await page.goto(`${program.url}/#/stats`)
  return { page, behind }
}

const total = (page: Page, name: string) =>
  page.getByRole('group', { name: /^Totals/ }).getByRole('button', { name: new RegExp(`^${name}`) })
const figure = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
/** A figure is counted once it is looked at. */
const look = (page: Page, name: string) => figure(page, name).scrollIntoViewIfNeeded()
const bar = (page: Page, name: string, of: string) =>
  figure(page, of).getByRole('button', { name: new RegExp(`^${name}`) })

async function showsTotal(page: Page, name: string, count: number): Promise<void> {
  await total(page, name).getByText(String(count), { exact: true }).waitFor()
}

browserTest('the dashboard counts clicks in every way it has', async (t) => {
  const { page } = await dashboard(t)
  await showsTotal(page, 'Clicks', 12)
  await showsTotal(page, 'By people', 11)
  await showsTotal(page, 'By bots', 1)
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').waitFor()
  await settles(t, () => bar(page, 'France', 'Places').innerText(), /France\s*5\s*42%/)
  await look(page, 'Sources')
  await settles(t, () => bar(page, 'Direct or unknown', 'Sources').innerText(), /2/)
  await look(page, 'Links')
  await figure(page, 'Links')
    .getByRole('button', { name: /^\/blues/ })
    .waitFor()
  await page.getByRole('img', { name: /Most: Germany 6, France 5/ }).waitFor()
  await settles(t, () => page.locator('path.country:not(.level-0)').count(), 2)
  await look(page, 'Hours of the week')
  await page.getByRole('gridcell').first().waitFor()
  await page.getByRole('link', { name: 'IP Geolocation by DB-IP' }).waitFor()
  await inspect(t, page, 'dashboard')
})

browserTest('a bar narrows everything, a chip widens it, and the address holds it', async (t) => {
  const { page } = await dashboard(t)
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').click()
  await showsTotal(page, 'Clicks', 6)
  await look(page, 'Technology')
  await bar(page, 'Chrome', 'Technology').waitFor({ state: 'detached' })
  t.regex(page.url(), /#\/stats\?filter=country:DE$/)
  await inspect(t, page, 'dashboard-narrowed')

  await page.reload()
  await showsTotal(page, 'Clicks', 6)
  await look(page, 'Places')
  await settles(t, () => bar(page, 'Germany', 'Places').getAttribute('aria-pressed'), 'true')

  await page.getByRole('button', { name: /^Country Germany/ }).click()
  await showsTotal(page, 'Clicks', 12)
  await page.goBack()
  await showsTotal(page, 'Clicks', 6)
})

browserTest('a country on the map and an hour of the week narrow, too', async (t) => {
  const { page } = await dashboard(t, [...SOME, ...clicksAt(15, 2)])
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').waitFor()
  await page.locator('path.country', { hasText: /^Germany/ }).click()
  await showsTotal(page, 'Clicks', 8)
  await look(page, 'Hours of the week')
  const cell = page.getByRole('gridcell').getByRole('button', { name: / 15:00: 2$/ })
  await cell.click()
  await showsTotal(page, 'Clicks', 2)
  t.regex(page.url(), /filter=country:DE&filter=weekday:\d&filter=hourOfDay:15$/)
  await cell.click()
  await showsTotal(page, 'Clicks', 8)
})

browserTest('the hours of the week are reached with the arrow keys', async (t) => {
  const { page } = await dashboard(t)
  await look(page, 'Hours of the week')
  const first = page.getByRole('button', { name: /^Monday 00:00/ })
  await first.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  const reached = page.getByRole('button', { name: /^Tuesday 01:00/ })
  await settles(t, () => reached.evaluate((button) => button.matches(':focus')), true)
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  const left = page.getByRole('button', { name: /^Tuesday 23:00/ })
  await settles(t, () => left.evaluate((button) => button.matches(':focus')), true)
})

browserTest('hours are those of the browser, or of UTC if that is chosen', async (t) => {
  const { page, behind } = await dashboard(t, clicksAt(3, 4), { timezoneId: 'Asia/Tokyo' })
  await look(page, 'Hours of the week')
  await page.getByRole('button', { name: /day 12:00: 4$/ }).waitFor()
  t.true(behind.asked.every((query) => query.get('timezone') === 'Asia/Tokyo'))
  await page.getByLabel('Time zone').selectOption('UTC')
  await page.getByRole('button', { name: /day 03:00: 4$/ }).waitFor()
  t.regex(page.url(), /timezone=UTC/)
})

browserTest('bots are left out, or alone', async (t) => {
  const { page } = await dashboard(t)
  await page.getByLabel('Bots').selectOption('Without bots')
  await showsTotal(page, 'Clicks', 11)
  await settles(t, () => total(page, 'By bots').count(), 0)
  await page.getByLabel('Bots').selectOption('Only bots')
  await showsTotal(page, 'Clicks', 1)
})

browserTest('each figure is a table for who asks', async (t) => {
  const { page } = await dashboard(t)
  for (const name of ['Clicks over time', 'Places', 'Technology', 'Hours of the week']) {
    await look(page, name)
    await page.getByRole('button', { name: `${name} as a table` }).click()
    await figure(page, name).getByRole('table').waitFor()
  }
  const places = figure(page, 'Places').getByRole('row', { name: /^France/ })
  await settles(t, () => places.getByRole('cell').allInnerTexts(), ['5', '42%', '3'])
  await inspect(t, page, 'dashboard-tables')
  const days = figure(page, 'Clicks over time').getByRole('row')
  await settles(t, () => days.count(), 31)
})

browserTest('visitors are counted where somebody looks at them', async (t) => {
  const { page, behind } = await dashboard(t)
  await showsTotal(page, 'Visitors', 6)
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').waitFor()
  t.false(behind.asked.some((query) => query.get('visitors') === null))
  await total(page, 'Visitors').click()
  await page.getByRole('button', { name: 'Visitors over time as a table' }).click()
  const days = figure(page, 'Visitors over time').getByRole('row', { name: / 6$/ })
  await days.waitFor()
  await total(page, 'Clicks').click()
  await figure(page, 'Clicks over time').getByRole('row', { name: / 12$/ }).waitFor()
})

browserTest('a time is compared with the one before, another is chosen by dates', async (t) => {
  const before = clicksAt(10 - 30 * 24, 4)
  const { page, behind } = await dashboard(t, [...SOME, ...before])
  await page.getByLabel('Compare with').selectOption('Period before')
  await total(page, 'Clicks').getByText('+200% from 4').waitFor()
  await page.getByRole('button', { name: 'Custom' }).click()
  await page.getByLabel('From').fill('2026-01-05')
  await page.getByLabel('to', { exact: true }).fill('2026-01-05')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByText('No clicks in this time').waitFor()
  const last = behind.asked.at(-1)!
  t.is(last.get('from'), '2026-01-05T00:00:00.000Z')
  t.is(last.get('to'), '2026-01-06T00:00:00.000Z')
  await inspect(t, page, 'dashboard-empty')
})

browserTest('dragging over the chart asks for that time alone', async (t) => {
  const { page, behind } = await dashboard(t)
  const chart = page.getByRole('img', { name: /^Clicks over time/ }).locator('.u-over')
  const box = (await chart.boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 1, box.y + 40, { steps: 5 })
  await page.mouse.up()
  await page.getByLabel('From').waitFor()
  await until('about half of the time is asked for', SHOWN_MS_MAX, () => {
    return behind.asked.some((asked) => {
      const { from, to } = Object.fromEntries(asked)
      const days = (Date.parse(to!) - Date.parse(from!)) / (24 * HOUR_MS)
      return days > 10 && days < 20
    })
  })
  t.pass()
})

browserTest('links lie beside each other', async (t) => {
  const { page, behind } = await dashboard(t)
  await look(page, 'Links')
  await figure(page, 'Links')
    .getByRole('button', { name: /^\/jazz/ })
    .click()
  await showsTotal(page, 'Clicks', 9)
  await page.getByLabel('Code of a link to compare with').fill('blues')
  await page.getByRole('button', { name: 'Compare', exact: true }).click()
  await page.getByRole('heading', { name: '/jazz and /blues' }).waitFor()
  await page.getByRole('button', { name: 'Clicks over time as a table' }).click()
  const head = figure(page, 'Clicks over time').getByRole('columnheader')
  await until('both links have a column', SHOWN_MS_MAX, async () => {
    return (await head.allInnerTexts()).join() === 'Time,/jazz,/blues'
  })
  t.true(behind.asked.some((query) => query.getAll('filter').includes('code:jazz,blues')))
  t.regex(page.url(), /code=jazz&code=blues/)
})

browserTest('visits and pictures can be taken along', async (t) => {
  const { page } = await dashboard(t)
  await page.route('**/api/visits?**', (route) =>
    route.fulfill({ contentType: 'text/csv', body: 'code\njazz\n' }),
  )
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').waitFor()
  t.is((await downloaded(page, 'Visits as CSV')).toString(), 'code\njazz\n')
  for (const picture of ['the chart', 'the map']) {
    const png = await downloaded(page, `Download ${picture} as PNG`)
    t.is(png.subarray(0, 8).toString('hex'), PNG_SIGNATURE)
    t.true(png.length > 5_000, `${picture} has ${png.length} bytes`)
  }
})

async function downloaded(page: Page, button: string): Promise<Buffer> {
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: button }).click()
  return readFile(await (await downloading).path())
}

browserTest('where analytics is away the page says so, and asks again by itself', async (t) => {
  const { page, behind } = await dashboard(t)
  await showsTotal(page, 'Clicks', 12)
  behind.isThere = false
  await page.reload()
  await page.getByRole('alert').getByText('Analytics is not running').waitFor()
  await inspect(t, page, 'dashboard-away')
  behind.isThere = true
  await showsTotal(page, 'Clicks', 12)
})

browserTest('the dashboard fits a phone, in the dark', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
  const { page } = await dashboard(t, SOME, { ...phone, colorScheme: 'dark' })
  await look(page, 'Places')
  await bar(page, 'Germany', 'Places').waitFor()
  await inspect(t, page, 'dashboard-phone')
})
