/**
 * Webhooks and reports on the page, in a real browser, with the real program and a receiver.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { browserTest, inspect, openPage, startProgram } from './browser.ts'
import { settles } from './browser-page.ts'
import { until } from './deadline.ts'
import { API_KEY, type Program } from './program.ts'

/** Analytics starts, clicks are logged and stored, and messages sent, on whatever machine. */
const PATIENCE_MS = 60_000
const DAY_MS = 86_400_000
const ENV = { TINYGRID_ROLES: 'gateway,actors,analytics', TINYGRID_WEBHOOK_PRIVATE: 'true' }

interface Message {
  readonly events: readonly { readonly type: string; readonly code?: string }[]
}

/** Takes messages, until it is told to answer otherwise. */
class Receiver {
  readonly taken: Message[] = []
  status = 204
  url = ''

  static async start(t: ExecutionContext): Promise<Receiver> {
    const receiver = new Receiver()
    const server = http.createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (text: string) => (body += text))
      request.on('end', () => {
        if (receiver.status < 300) receiver.taken.push(JSON.parse(body) as Message)
        response.writeHead(receiver.status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => void server.close())
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    return receiver
  }
}

async function withAnalytics(
  t: ExecutionContext,
  at: string,
  options: BrowserContextOptions = {},
): Promise<{ program: Program; page: Page }> {
  const program = await startProgram(t, { env: ENV })
  await until('analytics is there', PATIENCE_MS, async () => {
    return (await program.api('/api/webhooks')).status === 200
  })
  const page = await openPage(t, `${program.url}/#key=${API_KEY}`, {
    timezoneId: 'UTC',
    ...options,
  })
  page.setDefaultTimeout(PATIENCE_MS)
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await page.goto(`${program.url}/${at}`)
  return { program, page }
}

const dialog = (page: Page) => page.getByRole('dialog')
const card = (page: Page, name: string) =>
  page.getByRole('listitem').and(page.getByLabel(name, { exact: true }))

async function makeWebhook(page: Page, url: string): Promise<Locator> {
  await page.getByRole('button', { name: 'New webhook' }).click()
  await dialog(page).getByLabel('Send messages to').fill(url)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page).getByRole('button', { name: 'Done' }).click()
  return card(page, url)
}

browserTest('a webhook made on the page tells a click, and its secret once', async (t) => {
  const receiver = await Receiver.start(t)
  const { program, page } = await withAnalytics(t, '#/webhooks')
  await page.getByText('Nobody is told yet').waitFor()
  await page.getByRole('button', { name: 'New webhook' }).click()
  await dialog(page).getByLabel('Send messages to').fill('example')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  const url = dialog(page).getByLabel('Send messages to')
  await until('the error stands at its field', PATIENCE_MS, async () => {
    return (await url.getAttribute('aria-invalid')) === 'true'
  })
  await settles(t, () => url.evaluate((field) => field.matches(':focus')), true)
  await inspect(t, page, 'webhook-error')
  await url.fill(receiver.url)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page)
    .getByText(/^whsec_/)
    .waitFor()
  await inspect(t, page, 'webhook-secret')
  await dialog(page)
    .getByRole('button', { name: /^Copy whsec_/ })
    .click()
  await settles(t, () => page.evaluate<string>('navigator.clipboard.readText()'), /^whsec_\S{40,}$/)
  await dialog(page).getByRole('button', { name: 'Done' }).click()

  await program.create({ url: 'https://example.org/', code: 'jazz' })
  await program.visit('jazz')
  await until('the receiver hears of the click', PATIENCE_MS, () =>
    receiver.taken.some(({ events }) =>
      events.some(({ type, code }) => type === 'click' && code === 'jazz'),
    ),
  )
  const webhook = card(page, receiver.url)
  await webhook.getByText('Nothing yet').waitFor({ state: 'detached' })
  t.notRegex(await page.content(), /whsec_/)
  await inspect(t, page, 'webhooks')
})

browserTest('a webhook is tried, its failure shown, turned off and removed', async (t) => {
  const receiver = await Receiver.start(t)
  const { page } = await withAnalytics(t, '#/webhooks', { colorScheme: 'dark' })
  const webhook = await makeWebhook(page, receiver.url)
  await webhook.getByRole('button', { name: 'Send a test' }).click()
  await webhook.getByText('Delivered: the receiver answered 204.').waitFor()
  t.is(receiver.taken.length, 1)

  receiver.status = 500
  await webhook.getByRole('button', { name: 'Send a test' }).click()
  await webhook.getByText('Not delivered: the receiver answered 500.').waitFor()
  await inspect(t, page, 'webhook-failed')

  await webhook.getByRole('button', { name: 'Turn off' }).click()
  await webhook.getByText('Off', { exact: true }).waitFor()
  await webhook.getByRole('button', { name: 'Turn on' }).click()
  await webhook.getByText('On', { exact: true }).waitFor()
  await webhook.getByRole('button', { name: 'Change' }).click()
  await dialog(page).getByLabel('Thresholds of visits').check()
  await dialog(page).getByLabel('Thresholds', { exact: true }).fill('100, 1000')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await webhook.getByText('Clicks, thresholds of 100, 1,000 visits').waitFor()

  await webhook.getByRole('button', { name: 'Remove' }).click()
  await dialog(page).getByRole('button', { name: 'Keep it' }).click()
  await webhook.getByRole('button', { name: 'Remove' }).click()
  await dialog(page).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Nobody is told yet').waitFor()
})

browserTest('a click that a receiver refuses is told as a failure with its reason', async (t) => {
  const receiver = await Receiver.start(t)
  receiver.status = 503
  const { program, page } = await withAnalytics(t, '#/webhooks')
  const webhook = await makeWebhook(page, receiver.url)
  await program.create({ url: 'https://example.org/', code: 'jazz' })
  await program.visit('jazz')
  await webhook.getByText('the receiver answered 503').waitFor()
  await settles(t, () => webhook.getByText('Nothing yet').count(), 1)
})

browserTest('messages that were given up are shown and sent again', async (t) => {
  const { program, page } = await withAnalytics(t, '#/webhooks')
  const made = await program.api('/api/webhooks', {
    method: 'POST',
    json: { url: 'https://receiver.example/hook', events: ['click'] },
  })
  t.is(made.status, 201)
  // A message is given up after a day: these are made up.
  const letters = [
    { messageId: 'msg-1', at: '2026-01-02T03:04:05.000Z', attempts: 30, reason: 'no answer' },
  ]
  await page.route('**/api/webhooks', async (route) => {
    const { webhooks } = await (await route.fetch()).json()
    await route.fulfill({ json: { webhooks: [{ ...webhooks[0], letters: letters.length }] } })
  })
  await page.route('**/letters', (route) => route.fulfill({ json: { letters } }))
  await page.route('**/retry', (route) => {
    letters.length = 0
    return route.fulfill({ json: { delivered: 1, failed: 0 } })
  })
  await page.getByRole('button', { name: 'Not delivered' }).click()
  await dialog(page).getByText('30 attempts: no answer').waitFor()
  await inspect(t, page, 'webhook-letters')
  await dialog(page).getByRole('button', { name: 'Send again' }).click()
  await dialog(page).getByText('All 1 were taken.').waitFor()
  await dialog(page).getByText('There are none.').waitFor()
})

browserTest('a report is saved, answered, printed on a page and taken along', async (t) => {
  const { program, page } = await withAnalytics(t, '#/reports')
  await program.create({ url: 'https://example.org/', code: 'jazz' })
  await program.visit('jazz')
  await program.visit('jazz')
  await page.getByRole('link', { name: 'New report' }).click()
  const form = dialog(page)
  await form.getByRole('button', { name: 'Save' }).click()
  await until('the error stands at its field', PATIENCE_MS, async () => {
    return (await form.getByLabel('Name').getAttribute('aria-invalid')) === 'true'
  })
  await form.getByLabel('Name').fill('What is followed')
  await form.getByLabel('Of each').selectOption('Day')
  await form.getByLabel('By', { exact: true }).selectOption('Link')
  await form.getByLabel('Bots').selectOption('With bots')
  await form.getByRole('button', { name: 'Add a filter' }).click()
  await form.getByLabel('Field of filter 1').selectOption('Link')
  await form.getByLabel('Values of filter 1').fill('jazz, blues')
  await form.getByLabel('When the period has ended').selectOption('Into the directory for reports')
  await inspect(t, page, 'report-form')
  await form.getByRole('button', { name: 'Save' }).click()
  await card(page, 'What is followed')
    .getByText('Each day, by link · Link: /jazz, /blues')
    .waitFor()
  await inspect(t, page, 'reports')

  await card(page, 'What is followed').getByRole('link', { name: 'Show' }).click()
  await page.getByText('No clicks in this time.').waitFor()
  await until('the clicks are stored', PATIENCE_MS, async () => {
    const answer = await (await program.api('/api/stats?groupBy=code')).json()
    return (answer as { totals: { clicks: number } }).totals.clicks === 2
  })
  await page.getByRole('link', { name: 'Later day' }).click()
  const row = page.getByRole('row', { name: /^\/jazz/ })
  await row.waitFor()
  await settles(t, () => row.getByRole('cell').allInnerTexts(), ['/jazz', '2', '100%', '1'])
  await inspect(t, page, 'report')

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const file = await downloading
  t.regex(file.suggestedFilename(), /^What is followed-\d{4}-\d\d-\d\d\.csv$/)
  await page.emulateMedia({ media: 'print' })
  await inspect(t, page, 'report-printed')
  await settles(t, () => page.getByRole('navigation').isVisible(), false)
  await settles(t, () => page.getByRole('button', { name: 'CSV' }).isVisible(), false)
  await settles(t, () => page.getByRole('heading', { name: 'What is followed' }).isVisible(), true)
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  t.is(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1, 'pages')
})

browserTest('what the dashboard shows begins a report', async (t) => {
  const { page } = await withAnalytics(t, '#/stats?range=7d&filter=country:DE,AT&code=jazz')
  await page.getByRole('link', { name: 'Save as report' }).click()
  const form = dialog(page)
  await form.getByLabel('Name').fill('Jazz')
  await settles(t, () => form.getByLabel('Only of the link').inputValue(), 'jazz')
  await settles(t, () => form.getByLabel('Values of filter 1').inputValue(), 'DE,AT')
  await form.getByRole('button', { name: 'Save' }).click()
  await card(page, 'Jazz').getByText('Country: Germany, Austria').waitFor()
  t.regex(page.url(), /#\/reports$/)
})

browserTest('webhooks and reports fit a phone, in the dark', async (t) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
  const { program, page } = await withAnalytics(t, '#/webhooks', { ...phone, colorScheme: 'dark' })
  const url = `https://receiver.example/${'long/'.repeat(20)}`
  const webhook = { url, events: ['click', 'link.created'], codes: ['jazz'] }
  t.is((await program.api('/api/webhooks', { method: 'POST', json: webhook })).status, 201)
  await card(page, url).waitFor()
  await inspect(t, page, 'webhooks-phone')
  await card(page, url).getByRole('button', { name: 'Change' }).click()
  await inspect(t, page, 'webhook-form-phone')

  const report = { name: 'Countries', period: 'week', groupBy: ['country'], interval: 'day' }
  const made = await program.api('/api/reports', { method: 'POST', json: report })
  t.is(made.status, 201)
  const { id } = (await made.json()) as { id: string }
  const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)
  await page.goto(`${program.url}/#/reports`)
  await card(page, 'Countries').waitFor()
  await inspect(t, page, 'reports-phone')
  await page.goto(`${program.url}/#/reports/${id}?date=${day}`)
  await page.getByRole('link', { name: 'Earlier week' }).waitFor()
  await inspect(t, page, 'report-phone')
})
