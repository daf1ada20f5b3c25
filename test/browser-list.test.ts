/**
 * Finding links again on the web page, also when the service or the network has a bad day.
 */
import type { Route } from 'playwright-core'
import { browserTest, inspect, signedIn } from './browser.ts'
import { focused, listedCodes, row, searchField, settles } from './browser-page.ts'
import { until } from './deadline.ts'

const LIST = '**/api/links?**'
const FOCUSED_MS_MAX = 15_000
/** A script of the page that types into the search at once, with whatever else is in the same script. */
const typed = (text: string) => `
  const field = document.querySelector('[type=search]')
  field.value = '${text}'
  field.dispatchEvent(new Event('input', { bubbles: true }))
`
const LINKS = [
  { url: 'https://example.com/apple', code: 'apple', title: 'Fruit', tags: ['red', 'food'] },
  { url: 'https://example.com/brick', code: 'brick', title: 'Wall', tags: ['red'] },
  { url: 'https://example.com/cress', code: 'cress', tags: ['green', 'food'] },
]

browserTest('links are listed newest first', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await settles(t, () => listedCodes(page), ['cress', 'brick', 'apple'])
  await inspect(t, page, 'list')
})

browserTest('a search narrows the list, and an empty result says so', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('FRUIT')
  await row(page, 'brick').waitFor({ state: 'detached' })
  await settles(t, () => listedCodes(page), ['apple'])

  await searchField(page).fill('nowhere')
  await page.getByText('No links match “nowhere”.').waitFor()
  await inspect(t, page, 'nothing-found')
  await page.getByRole('button', { name: 'Show all links' }).click()
  await row(page, 'cress').waitFor()
  await settles(t, () => searchField(page).inputValue(), '')
})

browserTest('what is typed while a search is under way stays, with its spaces', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await searchField(page).fill('Wall ')
  await row(page, 'apple').waitFor({ state: 'detached' })
  await settles(t, () => searchField(page).inputValue(), 'Wall ')

  // The next word comes at the very moment at which the list takes up the search for the first one.
  await page.evaluate(`
    const list = document.querySelector('section.links')
    new MutationObserver((_changes, watching) => {
      if (list.ariaBusy !== 'true') return
      watching.disconnect()
      ${typed('apple or none')}
    }).observe(list, { attributes: true })
  `)
  await searchField(page).fill('apple')
  await page.getByText('No links match “apple or none”.').waitFor()
  await settles(t, () => searchField(page).inputValue(), 'apple or none')
})

browserTest('a tag that is chosen while somebody types narrows the list, too', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await page.evaluate(`
    ${typed('apple')}
    setTimeout(() => document.querySelector('tr[aria-label$="/apple"] button.tag').click(), 100)
  `)
  await row(page, 'brick').waitFor({ state: 'detached' })
  await row(page, 'cress').waitFor({ state: 'detached' })
  await settles(t, () => listedCodes(page), ['apple'])
  await page.getByRole('button', { name: 'Tagged red: show links with any tag' }).waitFor()
})

browserTest('a tag narrows the list, together with a search', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').getByRole('button', { name: 'food' }).click()
  await row(page, 'brick').waitFor({ state: 'detached' })
  await settles(t, () => listedCodes(page), ['cress', 'apple'])
  await inspect(t, page, 'tag')

  await searchField(page).fill('apple')
  await row(page, 'cress').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Tagged food: show links with any tag' }).click()
  await searchField(page).fill('')
  await row(page, 'brick').waitFor()
  await settles(t, async () => (await listedCodes(page)).length, 3)
})

browserTest('a long list is loaded piece by piece, and the focus follows', async (t) => {
  const { program, page } = await signedIn(t)
  const links = Array.from({ length: 30 }, (_, index) => ({
    url: `https://example.com/${index}`,
    code: `link${index}`,
  }))
  await program.api('/api/links/bulk', { method: 'POST', json: { links } })
  await page.reload()
  await page.getByRole('button', { name: 'Load more' }).click()
  // The button is gone while more is on its way, too.
  await page.getByText('30 links shown.').waitFor({ state: 'attached' })
  const codes = await listedCodes(page)
  t.is(new Set(codes).size, 30)
  await until('the first of the new links has the focus', FOCUSED_MS_MAX, async () => {
    return (await focused(page)).endsWith(`/${codes[25]}`)
  })
})

browserTest('short and empty pages are passed over', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  let requests = 0
  await page.route(LIST, async (route) => {
    requests++
    const answer = { links: [], nextCursor: `page-${requests}` }
    await (requests < 4
      ? route.fulfill({ json: answer })
      : route.fallback({ url: withoutCursor(route) }))
  })
  await searchField(page).fill('cress')
  await row(page, 'apple').waitFor({ state: 'detached' })
  await row(page, 'cress').waitFor()
  t.is(requests, 4)
})

function withoutCursor(route: Route): string {
  const url = new URL(route.request().url())
  url.searchParams.delete('cursor')
  return url.href
}

browserTest(
  'a service that is away says when to come back, and the page waits for it',
  async (t) => {
    const { page } = await signedIn(t, LINKS)
    await row(page, 'apple').waitFor()
    await page.clock.install()
    const problem = {
      code: 'store_unavailable',
      title: 'No',
      detail: 'The store cannot be reached',
    }
    await page.route(LIST, (route) =>
      route.fulfill({ status: 503, headers: { 'Retry-After': '30' }, json: problem }),
    )
    await searchField(page).fill('cress')
    await page.getByRole('alert').getByText('The store cannot be reached').waitFor()
    await settles(
      t,
      () => page.getByRole('button', { name: /^Try again in \d+ s$/ }).isDisabled(),
      true,
    )
    await inspect(t, page, 'unavailable')

    await page.unroute(LIST)
    await page.clock.runFor(30_000)
    await page.getByRole('button', { name: 'Try again', exact: true }).click()
    await row(page, 'cress').waitFor()
  },
)

browserTest('without a network the page says so, and goes on when it is back', async (t) => {
  const { page } = await signedIn(t, LINKS)
  await row(page, 'apple').waitFor()
  await page.context().setOffline(true)
  await searchField(page).fill('cress')
  await page.getByRole('alert').getByText('The service cannot be reached').waitFor()
  await page.context().setOffline(false)
  await row(page, 'cress').waitFor()
  await settles(t, () => listedCodes(page), ['cress'])
})
