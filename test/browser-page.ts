/**
 * The web page as a person meets it: its parts by the names they are known by, and common doings.
 *
 * Used by the browser scenarios, which thereby also hold the page to having those names for screen
 * readers.
 */
import type { Locator, Page } from 'playwright-core'

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
    const details = page.locator('details')
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
