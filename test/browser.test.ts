/**
 * The life of a link on the web page, in a real browser against the real program.
 */
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { browserTest, inspect, openPage, signedIn, startProgram } from './browser.ts'
import {
  addressField,
  editor,
  focused,
  listedCodes,
  press,
  resultLink,
  row,
  settles,
  shorten,
} from './browser-page.ts'

const PNG_SIGNATURE = '89504e470d0a1a0a'
const JAZZ = {
  url: 'https://tickets.example.org/jazz',
  code: 'jazz',
  title: 'Jazz',
  tags: ['music'],
}

/** A page elsewhere, for links to lead to. */
async function targetSite(t: ExecutionContext): Promise<string> {
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Arrived</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/far/away?a=1#end`
}

browserTest('from the first start to a followed link', async (t) => {
  const program = await startProgram(t, { ownKey: true })
  const page = await openPage(t, program.signInUrl!)
  await page.getByText('No links yet').waitFor()
  t.is(page.url(), `${program.url}/`, 'the key stays in the address bar')
  await inspect(t, page, 'empty')

  const target = await targetSite(t)
  await shorten(page, { url: target })
  await resultLink(page).waitFor()
  await inspect(t, page, 'result')

  const opening = page.waitForEvent('popup')
  await resultLink(page).click()
  const arrived = await opening
  await arrived.waitForURL(target)
  await settles(t, () => arrived.title(), 'Arrived')

  await page.reload()
  await page.locator('tbody').getByRole('row').waitFor()
  await settles(t, async () => (await listedCodes(page)).length, 1)
})

browserTest('a link is made with everything one can say about it', async (t) => {
  const { program, page } = await signedIn(t)
  await page.getByText('Options').click()
  await page.getByLabel('Expires').fill('2031-05-06T07:08')
  await page.getByLabel('Visits at most').fill('9')
  await shorten(page, { url: 'example.com/all', code: 'all', title: 'All', tags: 'one, two' })
  await row(page, 'all').waitFor()
  t.like(await (await program.api('/api/links/all')).json(), {
    url: 'https://example.com/all',
    title: 'All',
    tags: ['one', 'two'],
    expiresAt: await page.evaluate('new Date(2031, 4, 6, 7, 8).toISOString()'),
    maxVisits: 9,
  })
  await settles(t, () => row(page, 'all').innerText(), /0 of 9\s+visits/)
})

browserTest('the same address gets its link again, unless a new code is wanted', async (t) => {
  const { page } = await signedIn(t)
  await shorten(page, { url: 'https://example.com/same' })
  await page.getByText('Your short link').waitFor()
  await shorten(page, { url: 'https://example.com/same' })
  await page.getByText('This address already has a short link').waitFor()
  await settles(t, async () => (await listedCodes(page)).length, 1)

  await page.getByText('Options').click()
  await page.getByLabel('Always a new code').check()
  await shorten(page, { url: 'https://example.com/same' })
  await page.getByText('Your short link').waitFor()
  t.is(new Set(await listedCodes(page)).size, 2)
})

browserTest('what is wrong is told at the field, which gets the focus', async (t) => {
  const { page } = await signedIn(t, [JAZZ])
  await shorten(page, { url: 'https://example.com/', code: 'jazz' })
  const code = page.getByLabel('Own code')
  await page.getByText('This code is already taken').waitFor()
  await settles(t, () => code.getAttribute('aria-invalid'), 'true')
  await settles(t, () => code.evaluate((field) => field.matches(':focus')), true)
  await inspect(t, page, 'code-taken')

  await shorten(page, { url: 'javascript:alert(1)', code: '' })
  await page.locator('[aria-invalid=true]').waitFor()
  await settles(t, () => addressField(page).getAttribute('aria-invalid'), 'true')
})

browserTest('the short link can be copied and taken along as a QR code', async (t) => {
  const { program, page } = await signedIn(t, [JAZZ])
  await press(page, 'jazz', 'Copy')
  await row(page, 'jazz').getByText('Copied').waitFor()
  await settles(t, () => page.evaluate('navigator.clipboard.readText()'), `${program.url}/jazz`)

  await press(page, 'jazz', 'QR code')
  await page.getByRole('img', { name: /jazz$/ }).waitFor()
  await inspect(t, page, 'qr-code')
  const svg = await downloaded(page, 'Download SVG')
  t.is(svg.name, 'jazz.svg')
  t.regex(svg.content.toString(), /^<svg /)
  const png = await downloaded(page, 'Download PNG')
  t.is(png.name, 'jazz.png')
  t.is(png.content.subarray(0, 8).toString('hex'), PNG_SIGNATURE)

  await page.keyboard.press('Escape')
  await settles(t, () => page.getByRole('dialog').count(), 0)
  await settles(t, () => focused(page), /^QR code/)
})

async function downloaded(page: Page, button: string) {
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: button }).click()
  const download = await downloading
  return { name: download.suggestedFilename(), content: await readFile(await download.path()) }
}

browserTest('a link is edited', async (t) => {
  const { program, page } = await signedIn(t, [{ ...JAZZ, maxVisits: 5 }])
  await press(page, 'jazz', 'Edit')
  await editor(page).getByLabel('Title').fill('Blues')
  await editor(page).getByLabel('Visits at most').fill('')
  await inspect(t, page, 'edit')
  await editor(page).getByRole('button', { name: 'Save' }).click()
  await row(page, 'jazz').getByText('Blues').waitFor()
  await settles(t, () => focused(page), /^Edit/)
  t.like(await (await program.api('/api/links/jazz')).json(), { title: 'Blues', maxVisits: null })
})

browserTest('an edit does not run over one made elsewhere', async (t) => {
  const { program, page } = await signedIn(t, [JAZZ])
  await press(page, 'jazz', 'Edit')
  await editor(page).getByLabel('Title').fill('Mine')
  await program.api('/api/links/jazz', {
    method: 'PATCH',
    json: { title: 'Theirs', tags: ['new'] },
  })
  await editor(page).getByRole('button', { name: 'Save' }).click()
  await editor(page)
    .getByText(/changed somewhere else in the meantime \(title, tags\)/)
    .waitFor()
  await settles(t, () => editor(page).getByLabel('Tags').inputValue(), 'new')
  await settles(t, () => editor(page).getByLabel('Title').inputValue(), 'Mine')
  await inspect(t, page, 'edit-clash')

  await editor(page).getByRole('button', { name: 'Save' }).click()
  await row(page, 'jazz').getByText('Mine').waitFor()
  const link = await (await program.api('/api/links/jazz')).json()
  t.like(link, { title: 'Mine', tags: ['new'] })
})

browserTest('a deleted link comes back', async (t) => {
  const { program, page } = await signedIn(t, [JAZZ])
  await press(page, 'jazz', 'Delete')
  await row(page, 'jazz').getByText('is deleted').waitFor()
  await settles(t, () => focused(page), /^Undo/)
  t.is((await program.visit('jazz')).status, 410)
  await inspect(t, page, 'deleted')

  await page.keyboard.press('Enter')
  await row(page, 'jazz').getByText('Jazz', { exact: true }).waitFor()
  t.is((await program.visit('jazz')).status, 302)
})

browserTest('a link is deleted for good, after a question', async (t) => {
  const { program, page } = await signedIn(t, [JAZZ])
  await press(page, 'jazz', 'Delete')
  await press(page, 'jazz', 'Delete for good')
  await inspect(t, page, 'purge')
  await page.getByRole('button', { name: 'Keep it' }).click()
  t.is((await program.visit('jazz')).status, 410)

  await press(page, 'jazz', 'Delete for good')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
  await page.getByText('No links yet').waitFor()
  t.is((await program.visit('jazz')).status, 404)
})

browserTest('what strangers wrote is shown as text', async (t) => {
  const title = '<img src=x onerror="document.title=1"><b>bold</b>'
  const { page } = await signedIn(t, [{ ...JAZZ, title, tags: ['<i>tag</i>'] }])
  await row(page, 'jazz').getByText(title, { exact: true }).waitFor()
  await row(page, 'jazz').getByRole('button', { name: '<i>tag</i>' }).waitFor()
  await settles(t, () => row(page, 'jazz').locator('img, b, i').count(), 0)
})
