/**
 * Who may use the web page, and how: with and without the key, light and dark, small and by keyboard.
 */
import type { Page } from 'playwright-core'
import { browserTest, inspect, openPage, signedIn, startProgram } from './browser.ts'
import {
  addressField,
  editor,
  focused,
  press,
  resultLink,
  row,
  settles,
  shorten,
  shortenButton,
} from './browser-page.ts'
import { API_KEY } from './program.ts'

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
const LONG = {
  url: `https://example.com/${'a-long-path/'.repeat(40)}`,
  code: 'longlong',
  title: `A ${'verylongword'.repeat(8)} and many more words that go on and on`,
  tags: ['a-tag-of-forty-characters-as-long-as-can', 'second', 'third'],
}

const keyField = (page: Page) => page.getByLabel('API key')
const signInButton = (page: Page) => page.getByRole('button', { name: 'Sign in' })
const signOutButton = (page: Page) => page.getByRole('button', { name: 'Sign out' })
const groundOf = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor')

browserTest('a wrong key is told, the right one signs in, and signing out ends it', async (t) => {
  const program = await startProgram(t)
  const page = await openPage(t, program.url)
  await inspect(t, page, 'signed-out')
  await keyField(page).fill('wrong-key-0123456789')
  await signInButton(page).click()
  await page.getByText('The service does not accept this key.').waitFor()
  await inspect(t, page, 'wrong-key')

  await keyField(page).fill(API_KEY)
  await signInButton(page).click()
  await page.getByText('No links yet').waitFor()
  await page.reload()
  await signOutButton(page).click()
  await keyField(page).waitFor()
  await page.reload()
  await keyField(page).waitFor()
  await settles(t, () => page.evaluate('localStorage.length'), 0)
})

browserTest('a key in the address that is wrong does not get in', async (t) => {
  const program = await startProgram(t)
  const page = await openPage(t, `${program.url}/#key=wrong-key-0123456789`)
  await page.getByText('The service does not accept this key.').waitFor()
  t.is(page.url(), `${program.url}/`)
  await settles(t, () => signOutButton(page).count(), 0)
})

browserTest('a sign-in link works in a page that is open already', async (t) => {
  const program = await startProgram(t)
  const page = await openPage(t, program.url)
  await page.evaluate(`location.hash = 'key=${API_KEY}'`)
  await page.getByText('No links yet').waitFor()
  t.is(page.url(), `${program.url}/`)
})

browserTest('shortening without the key asks for it and loses nothing', async (t) => {
  const program = await startProgram(t)
  const page = await openPage(t, program.url)
  await shorten(page, { url: 'https://example.com/kept' })
  await page.getByText(/sign in below, then try again/).waitFor()
  await settles(t, () => keyField(page).evaluate((field) => field.matches(':focus')), true)
  await page.keyboard.type(API_KEY)
  await page.keyboard.press('Enter')
  await page.getByText('No links yet').waitFor()
  await settles(t, () => addressField(page).inputValue(), 'https://example.com/kept')
  await shortenButton(page).click()
  await resultLink(page).waitFor()
})

browserTest('where everyone may create links, no key is asked for', async (t) => {
  const program = await startProgram(t, { env: { TINYGRID_PUBLIC_CREATE: 'true' } })
  const page = await openPage(t, program.url)
  await shorten(page, { url: 'https://example.com/public' })
  await resultLink(page).waitFor()
  await settles(t, () => keyField(page).count(), 1)
})

browserTest('the page is light or dark as the system is, or as the reader says', async (t) => {
  const { page } = await signedIn(t, [LONG], { colorScheme: 'dark' })
  await row(page, 'longlong').waitFor()
  const dark = await groundOf(page)
  await inspect(t, page, 'dark')

  await page.getByRole('button', { name: 'Switch to light colours' }).click()
  const light = await groundOf(page)
  t.not(light, dark)
  await page.reload()
  await settles(t, () => groundOf(page), light)
  await page.getByRole('button', { name: 'Switch to dark colours' }).click()
  await settles(t, () => groundOf(page), dark)
  await page.emulateMedia({ colorScheme: 'light' })
  await settles(t, () => groundOf(page), light)
})

browserTest('everything fits on a phone', async (t) => {
  const { page } = await signedIn(t, [LONG], PHONE)
  await row(page, 'longlong').waitFor()
  await inspect(t, page, 'phone-list')
  await shorten(page, { url: 'https://example.com/phone', code: 'phone' })
  await resultLink(page).waitFor()
  await inspect(t, page, 'phone-result')
  await press(page, 'longlong', 'Edit')
  await editor(page).getByLabel('Title').waitFor()
  await inspect(t, page, 'phone-edit')
  await page.keyboard.press('Escape')
  await press(page, 'longlong', 'QR code')
  await inspect(t, page, 'phone-qr-code')
  await page.keyboard.press('Escape')
  await press(page, 'longlong', 'Delete')
  await row(page, 'longlong').getByText('is deleted').waitFor()
  await inspect(t, page, 'phone-deleted')
})

browserTest('a link is made and edited with the keyboard alone', async (t) => {
  const { program, page } = await signedIn(t)
  await page.getByText('No links yet').waitFor()
  await tabTo(page, /^Address/)
  await page.keyboard.type('https://example.com/keys')
  await tabTo(page, /^Options/)
  await page.keyboard.press('Enter')
  await tabTo(page, /^Own code/)
  await page.keyboard.type('keys')
  await page.keyboard.press('Enter')
  await row(page, 'keys').waitFor()
  await tabTo(page, /^Copy .*keys$/)

  await tabTo(page, /^Edit .*keys$/)
  await page.keyboard.press('Enter')
  await editor(page).getByLabel('Title').waitFor()
  await tabTo(page, /^Title/)
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await row(page, 'keys').getByText('By keyboard').waitFor()
  await settles(t, () => focused(page), /^Edit .*keys$/)
  t.like(await (await program.api('/api/links/keys')).json(), { title: 'By keyboard' })
})

/** Presses Tab until something of that name, or of that label, has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    const label = String(
      await page.evaluate('document.activeElement.labels?.[0]?.textContent ?? ""'),
    )
    if (name.test(label) || name.test(await focused(page))) return
  }
  throw new Error(`${String(name)} cannot be reached with the keyboard`)
}
