/**
 * A link with rules and a password on the web page, and as its visitors meet it, in a real browser against
 * the real program.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { browserTest, inspect, openPage, signedIn } from './browser.ts'
import { editor, row, settles, shorten } from './browser-page.ts'

/** A page elsewhere, which says what was asked of it. */
async function targetSite(t: ExecutionContext): Promise<string> {
  const server = http.createServer(({ method, url }, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><title>${method} ${url}</title>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

browserTest(
  'a link is given rules and a password, and its visitor goes where they say',
  async (t) => {
    const { program, page } = await signedIn(t)
    const site = await targetSite(t)
    await page.getByText('Options').click()
    await page.getByLabel('Password').fill('sesame')
    const addRule = page.getByRole('button', { name: 'Add a rule' })
    await addRule.click()
    await addRule.click()
    const rule = (number: number) => page.getByRole('group', { name: `Rule ${number}` })
    await rule(1).getByLabel('Leads to').fill(`70 ${site}/a\n30 ${site}/b`)
    await rule(1).getByLabel('Countries').fill('DE')
    await rule(2).getByLabel('Leads to').fill(`${site}/english`)
    await rule(2).getByLabel('Languages').fill('en')
    await rule(2).getByRole('button', { name: 'Up' }).click()
    await inspect(t, page, 'rules')
    await shorten(page, { url: `${site}/home`, code: 'ruled' })
    await row(page, 'ruled').waitFor()
    await settles(t, () => row(page, 'ruled').innerText(), /protected by a password[^]*Rules/)
    t.like(await (await program.api('/api/links/ruled')).json(), {
      hasPassword: true,
      rules: [
        { languages: ['en'], url: `${site}/english` },
        {
          countries: ['DE'],
          targets: [
            { url: `${site}/a`, weight: 70 },
            { url: `${site}/b`, weight: 30 },
          ],
        },
      ],
    })

    const visitor = await page.context().newPage()
    await visitor.goto(`${program.url}/ruled?utm_source=chat`)
    await inspect(t, visitor, 'protected')
    await visitor.getByLabel('Password').fill('wrong')
    await visitor.getByRole('button', { name: 'Go on' }).click()
    await visitor.getByRole('alert').waitFor()
    await inspect(t, visitor, 'wrong password')
    await visitor.getByLabel('Password').fill('sesame')
    await visitor.getByRole('button', { name: 'Go on' }).click()
    await settles(t, () => visitor.title(), 'GET /english?utm_source=chat')

    await row(page, 'ruled').getByRole('button', { name: /^Edit/ }).click()
    await settles(t, () => editor(page).getByLabel('Languages').first().inputValue(), 'en')
    await editor(page).getByRole('button', { name: 'Remove rule 1' }).click()
    await editor(page).getByLabel('Visitors are asked').uncheck()
    await inspect(t, page, 'rules edited')
    await editor(page).getByRole('button', { name: 'Save' }).click()
    await editor(page).waitFor({ state: 'detached' })
    t.like(await (await program.api('/api/links/ruled')).json(), { hasPassword: false })
    const preview = await openPage(t, `${program.url}/ruled+`)
    await preview.getByText('Some visitors are sent elsewhere').waitFor()
    await inspect(t, preview, 'preview with rules')
  },
)
