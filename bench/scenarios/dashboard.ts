/**
 * The dashboard in headless Chromium with a million clicks behind it: how long until something is
 * painted, until every figure in view is there, and from a click on a bar until all in view are narrowed;
 * and from one more until they are of all clicks again, which is the most that a filter makes it count.
 *
 * Each figure is the median of some page loads in a browser that has the page's files. The store has
 * been asked before, as that of a program that runs.
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { fillClickLog, untilCounted } from '../click-filling.ts'
import { figure, median, type Measure } from '../measure.ts'
import type { Scenario } from '../scenario.ts'
import { API_KEY, type ServerProcess } from '../server-process.ts'

const CLICKS = 1_000_000
const LOADS = 5
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/** All figures that are in view are there, and none is of the question before. */
const SETTLED = `[...document.querySelectorAll('.figure-none, .figure-stale')]
    .every((figure) => figure.getBoundingClientRect().top > innerHeight) &&
  document.querySelector('[data-metric=clicks]')?.textContent !== '–' &&
  document.querySelector('.line-chart canvas') !== null`

interface Times {
  readonly paintMs: number
  readonly allMs: number
  readonly filterMs: number
  readonly widerMs: number
  /** Of the program and analytics, for both. */
  readonly cpuMs: number
}

export const dashboard: Scenario = {
  name: 'dashboard',
  about: 'the page of clicks in Chromium, a million clicks behind it',
  async run(bench) {
    const executablePath = [process.env['CHROMIUM_PATH'] ?? '', ...PLACES].find(existsSync)
    if (executablePath === undefined) throw new Error('there is no Chromium: set CHROMIUM_PATH')
    const dataDir = bench.emptyDataDir()
    // The program itself makes it what it is.
    await (await bench.start({ dataDir })).stop()
    const clicks = bench.options.clicks ?? CLICKS
    bench.say(`noting ${clicks} clicks ...`)
    await fillClickLog(dataDir, clicks)
    const server = await bench.start({ dataDir })
    const seconds = await untilCounted(server, clicks)
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    bench.atEnd(() => browser.close())
    const times = await loads(browser, server)
    return measuresOf(times, seconds)
  },
}

function measuresOf(times: readonly Times[], seconds: number): Measure[] {
  const [, ...warm] = times
  const middle = (name: keyof Times) => median(warm.map((time) => time[name]))
  return [
    {
      name: 'dashboard, first paint',
      goal: { atMost: 1_000 },
      got: middle('paintMs'),
      unit: ' ms',
      note: `the first of all ${figure(times[0]!.paintMs)} ms`,
    },
    {
      name: 'dashboard, every figure in view',
      got: middle('allMs'),
      unit: ' ms',
      note: `the first of all ${figure(times[0]!.allMs)} ms; stored in ${figure(seconds)} s`,
    },
    {
      name: 'dashboard, a filter until all in view is narrowed',
      goal: { atMost: 300 },
      got: middle('filterMs'),
      unit: ' ms',
      note: warm.map(({ filterMs }) => figure(filterMs)).join(', '),
    },
    {
      name: 'dashboard, the filter taken away until all in view is of all clicks',
      goal: { atMost: 300 },
      got: middle('widerMs'),
      unit: ' ms',
      note:
        `${warm.map(({ widerMs }) => figure(widerMs)).join(', ')}; both together took the program ` +
        `${figure(middle('cpuMs'))} ms of processor time`,
    },
  ]
}

async function loads(browser: Browser, server: ServerProcess): Promise<Times[]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const signingIn = await context.newPage()
  await signingIn.goto(`${server.url}/#key=${API_KEY}`)
  await signingIn.close()
  const times: Times[] = []
  for (let load = 0; load <= LOADS; load++) times.push(await oneLoad(context, server))
  return times
}

async function oneLoad(context: BrowserContext, server: ServerProcess): Promise<Times> {
  const page = await context.newPage()
  await page.goto(`${server.url}/#/stats`)
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${SETTLED} ? resolve() : requestAnimationFrame(look))
    look()
  })`)
  const allMs = Number(await page.evaluate('performance.now()'))
  const paintMs = Number(
    await page.evaluate(
      `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()`,
    ),
  )
  const cpuBefore = server.cpuMsOfAll() ?? NaN
  const filterMs = await filtering(page)
  const widerMs = await filtering(page)
  const cpuMs = (server.cpuMsOfAll() ?? NaN) - cpuBefore
  await page.close()
  return { paintMs, allMs, filterMs, widerMs, cpuMs }
}

/**
 * From the click on the first country until everything is of that country alone, or of all again if it was
 * chosen; in the page's own time.
 */
async function filtering(page: Page): Promise<number> {
  const took = await page.evaluate(`new Promise((resolve) => {
    const counter = document.querySelector('[data-metric=clicks]')
    const before = counter.textContent
    const start = performance.now()
    const look = () => {
      if (counter.textContent !== before && ${SETTLED}) resolve(performance.now() - start)
      else requestAnimationFrame(look)
    }
    document.querySelector('.places .bar-row').click()
    look()
  })`)
  return Number(took)
}
