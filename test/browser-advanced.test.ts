/**
 * What few links need, on the web page: given in the form, told in the list, changed in the edit dialog; in
 * a real browser against the real program.
 */
import { browserTest, inspect, openPage, signedIn, startProgram } from './browser.ts'
import { editor, resultLink, row, settles, shorten } from './browser-page.ts'
import { API_KEY } from './program.ts'

browserTest('a link is scheduled, moved for good, and let go', async (t) => {
  const { program, page } = await signedIn(t)
  const read = async () => (await program.api('/api/links/spring')).json()
  await page.getByText('Options').click()
  await page.getByText('Advanced').click()
  await page.getByLabel('Valid from').fill('2099-03-01T08:00')
  await page.getByLabel('Redirects').selectOption('301')
  await page.getByLabel('When over, leads to').fill('example.com/over')
  await page.getByLabel('Query of visitors').selectOption('false')
  await inspect(t, page, 'advanced')
  await shorten(page, { url: 'https://example.com/spring', code: 'spring' })
  await row(page, 'spring').waitFor()
  await settles(t, () => row(page, 'spring').innerText(), /Scheduled[^]*begins in/)
  t.like(await read(), {
    redirectStatus: 301,
    expiredUrl: 'https://example.com/over',
    forwardQuery: false,
  })
  await inspect(t, page, 'scheduled')
  await page.emulateMedia({ colorScheme: 'dark' })
  await inspect(t, page, 'scheduled, dark')

  await page.getByLabel('State').selectOption('scheduled')
  await settles(t, () => row(page, 'spring').count(), 1)
  await row(page, 'spring').getByRole('button', { name: /^Edit/ }).click()
  await settles(t, () => editor(page).getByLabel('Valid from').inputValue(), '2099-03-01T08:00')
  await inspect(t, page, 'advanced edited, dark')
  await page.setViewportSize({ width: 390, height: 844 })
  await inspect(t, page, 'advanced edited, phone')
  t.is(await editor(page).getByLabel('Query of visitors').inputValue(), 'false')
  await editor(page).getByLabel('Query of visitors').selectOption('override')
  await editor(page).getByLabel('Expires').fill('2099-02-01T08:00')
  await editor(page).getByRole('button', { name: 'Save' }).click()
  await editor(page).getByText('validFrom must be before expiresAt').waitFor()
  await editor(page).getByLabel('Expires').fill('')
  await editor(page).getByLabel('Valid from').fill('')
  await editor(page).getByLabel('When over, leads to').fill('javascript:alert(1)')
  await editor(page).getByRole('button', { name: 'Save' }).click()
  await editor(page).getByText('javascript: addresses').waitFor()
  await editor(page).getByLabel('When over, leads to').fill('')
  await editor(page).getByRole('button', { name: 'Save' }).click()
  await editor(page).waitFor({ state: 'detached' })
  t.like(await read(), {
    validFrom: null,
    redirectStatus: 301,
    expiredUrl: null,
    forwardQuery: 'override',
  })
  const { status, headers } = await fetch(`${program.url}/spring`, { redirect: 'manual' })
  t.deepEqual([status, headers.get('cache-control')], [301, 'private, max-age=3600'])
})

browserTest(
  'where there are several domains one is chosen, and each link is what it is on its own',
  async (t) => {
    const env = { TINYGRID_BASE_URL: 'https://sho.rt', TINYGRID_DOMAINS: 'go.example' }
    const program = await startProgram(t, { env })
    const link = { url: 'https://example.com/first', code: 'spring' }
    t.is((await program.create(link)).status, 201)
    const page = await openPage(t, `${program.url}/#key=${API_KEY}`)
    const choice = page.getByLabel('Domain', { exact: true })
    await choice.selectOption('go.example')
    await shorten(page, { url: 'https://example.com/second', code: 'spring' })
    await settles(t, () => resultLink(page).getAttribute('href'), 'https://go.example/spring')
    t.is(await choice.inputValue(), 'go.example')
    const elsewhere = page.getByRole('row', { name: /go\.example\/spring$/ })
    await elsewhere.waitFor()
    await inspect(t, page, 'domains')

    await page.getByLabel('Domain of links').selectOption('go.example')
    await settles(t, () => page.locator('tbody').getByRole('row').count(), 1)
    await elsewhere.getByRole('button', { name: /^Edit/ }).click()
    await editor(page).getByLabel('Title').fill('Here alone')
    await editor(page).getByRole('button', { name: 'Save' }).click()
    await editor(page).waitFor({ state: 'detached' })
    const titleOn = async (query: string) => {
      const reply = await program.api(`/api/links/spring${query}`)
      return ((await reply.json()) as { title: string | null }).title
    }
    t.is(await titleOn('?domain=go.example'), 'Here alone')
    t.is(await titleOn(''), null)
  },
)
