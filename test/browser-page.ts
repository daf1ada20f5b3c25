/**
 * The web page as a person meets it: its parts by the names they are known by, and common doings.
 *
 * Used by the browser scenarios, which thereby also hold the page to having those names for screen
 * readers.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { Locator, Page } from 'playwright-core'
import { pause } from './deadline.ts'

/** How long a page may take to show what it was told, beside other work on the machine. */
const SETTLED_MS_MAX = 30_000
const POLL_INTERVAL_MS = 50

export const addressField = (page: Page) => page.getByLabel('Address', { exact: true })
export const shortenButton = (page: Page) => page.getByRole('button', { name: /^Shorten/ })
export const searchField = (page: Page) =>
  page.getByRole('searchbox', { name: 'Search your links' })
export const resultLink = (page: Page) =>
  page.getByRole('group', { name: /short link/ }).getByRole('link')
export const editor = (page: Page) => page.getByRole('dialog', { name: /^Edit/ })

/** The row of the link with `code`. */
export function row(page: Page, code: string): Locator {
  return page.getByRole('row', { name: new RegExp(`/${code}(, deleted)?$`) })
}

/** The codes of all rows, from the top. */
export async function listedCodes(page: Page): Promise<string[]> {
  const names = await page
    .locator('tbody')
    .getByRole('row')
    .evaluateAll((rows: { ariaLabel: string | null }[]) =>
      rows.map(({ ariaLabel }) => ariaLabel ?? ''),
    )
  return names.map((name) => name.slice(name.lastIndexOf('/') + 1))
}

/**
 * Asks the page until it says what is wanted, and asserts that it does: what a page shows after a
 * step comes in its own time, and not all of it at once.
 */
export async function settles<Value>(
  t: ExecutionContext,
  read: () => Promise<Value>,
  wanted: Value | RegExp,
  msMax = SETTLED_MS_MAX,
): Promise<void> {
  const fits = (value: Value) =>
    wanted instanceof RegExp ? wanted.test(String(value)) : isDeepStrictEqual(value, wanted)
  const deadline = performance.now() + msMax
  let value = await read()
  while (!fits(value) && performance.now() < deadline) {
    await pause(POLL_INTERVAL_MS)
    value = await read()
  }
  if (wanted instanceof RegExp) t.regex(String(value), wanted)
  else t.deepEqual(value, wanted)
}

export interface Wish {
  readonly url: string
  readonly code?: string
  readonly title?: string
  readonly tags?: string
}

/** Fills in the form and sends it. */
export async function shorten(page: Page, { url, ...options }: Wish): Promise<void> {
  await addressField(page).fill(url)
  if (Object.keys(options).length > 0) {
    const details = page.locator('.shorten > form > details')
    if ((await details.getAttribute('open')) === null) await page.getByText('Options').click()
  }
  const labels = { code: 'Own code', title: 'Title', tags: 'Tags' }
  for (const [name, value] of Object.entries(options)) {
    await page.getByLabel(labels[name as keyof typeof labels], { exact: true }).fill(value)
  }
  await shortenButton(page).click()
}

/** Presses the row's button of that name. */
export async function press(page: Page, code: string, button: string): Promise<void> {
  await row(page, code)
    .getByRole('button', { name: new RegExp(`^${button}`) })
    .click()
}

/** What has the focus, by its name or else its text. */
export async function focused(page: Page): Promise<string> {
  const name = await page.evaluate(
    'document.activeElement.ariaLabel ?? document.activeElement.textContent',
  )
  return String(name).trim()
}
