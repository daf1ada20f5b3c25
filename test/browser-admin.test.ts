/**
 * What admins alone have on the page, in a real browser, with the real program.
 */
import type { Page } from 'playwright-core'
import { browserTest, inspect, openPage, startProgram } from './browser.ts'
import { API_KEY } from './program.ts'

/** On whatever machine. */
const PATIENCE_MS = 60_000
const DOMAINS = { TINYGRID_BASE_URL: 'http://sho.rt', TINYGRID_DOMAINS: 'go.example' }

const dialog = (page: Page) => page.getByRole('dialog')
const card = (page: Page, name: string) =>
  page.getByRole('listitem').and(page.getByLabel(name, { exact: true }))

browserTest('a key made on the page is shown once, listed, changed, and revoked', async (t) => {
  const program = await startProgram(t, { env: DOMAINS })
  const page = await openPage(t, `${program.url}/#key=${API_KEY}`)
  page.setDefaultTimeout(PATIENCE_MS)
  await page.getByRole('link', { name: 'Keys' }).click()
  await page.getByText('There is only the first key').waitFor()
  await page.getByRole('button', { name: 'New key' }).click()
  await dialog(page).getByLabel('Name').fill('Anna')
  await dialog(page).getByLabel('May').selectOption('create')
  await dialog(page).getByLabel('Only links with a tag of').fill('team, news')
  await dialog(page).getByLabel('Only links on').fill('default')
  await inspect(t, page, 'key-form')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  const key = await dialog(page).getByText(/^tg_/).textContent()
  await dialog(page).getByRole('button', { name: 'Done' }).click()
  const headers = { 'x-api-key': key! }
  t.is((await fetch(`${program.url}/api/links`, { headers })).status, 200)
  await card(page, 'Anna').getByText('team, news').waitFor()
  await inspect(t, page, 'keys')
  await card(page, 'Anna').getByRole('button', { name: 'Change' }).click()
  await dialog(page).getByLabel('Name').fill('Eva')
  await dialog(page).getByLabel('Only links on').fill('no.example')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page)
    .getByText(/A domain is one of sho.rt, go.example/)
    .waitFor()
  await dialog(page).getByLabel('Only links on').fill('go.example')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await card(page, 'Eva').getByText('go.example').waitFor()
  const shut = await fetch(`${program.url}/api/links/none`, { headers })
  t.is(shut.status, 403)
  await card(page, 'Eva').getByRole('button', { name: 'Revoke' }).click()
  await dialog(page).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('There is only the first key').waitFor()
  t.is((await fetch(`${program.url}/api/links`, { headers })).status, 401)
})

browserTest('a host is blocked on the page, asked about, and free again', async (t) => {
  const program = await startProgram(t)
  t.is((await program.create({ url: 'https://bad.example/', code: 'led-away' })).status, 201)
  const page = await openPage(t, `${program.url}/#key=${API_KEY}`)
  page.setDefaultTimeout(PATIENCE_MS)
  await page.getByRole('link', { name: 'Hosts' }).click()
  await page.getByText('No host is on this list').waitFor()
  await page.getByRole('button', { name: 'Block a host' }).click()
  await dialog(page).getByLabel('Host').fill('bad.example:80')
  await dialog(page).getByLabel('Why').fill('Phishing')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await dialog(page)
    .getByText(/without a port/)
    .waitFor()
  await inspect(t, page, 'host-form')
  await dialog(page).getByLabel('Host').fill('BAD.example')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await card(page, 'bad.example').getByText('Phishing').waitFor()
  t.is((await program.visit('led-away')).status, 403)
  await program.api('/api/blocked-hosts/*.bad.example', { method: 'PUT', json: {} })
  await card(page, '*.bad.example').getByText('All hosts below bad.example').waitFor()
  await inspect(t, page, 'hosts')
  await page.getByRole('button', { name: 'Is a host blocked?' }).click()
  await dialog(page).getByLabel('Host').fill('www.bad.example')
  await dialog(page).getByRole('button', { name: 'Ask' }).click()
  await dialog(page)
    .getByText('www.bad.example is blocked by *.bad.example, on this list.')
    .waitFor()
  await inspect(t, page, 'host-asked')
  await page.keyboard.press('Escape')
  await page.setViewportSize({ width: 360, height: 740 })
  await inspect(t, page, 'hosts-phone')
  await card(page, 'bad.example').getByRole('button', { name: 'Unblock' }).click()
  await dialog(page).getByRole('button', { name: 'Remove' }).click()
  await card(page, 'bad.example').waitFor({ state: 'detached' })
  t.is((await program.visit('led-away')).status, 302)
})
