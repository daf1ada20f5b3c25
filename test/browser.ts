/**
 * A headless Chromium that watches the page while a story uses it.
 *
 * Used by the browser scenarios. Each story gets a context of its own (nothing kept, nothing
 * shared); when it is over, the page must have logged no error, broken no Content Security Policy
 * and asked no other host. With TINYGRID_SCREENSHOTS=directory, the stories leave pictures there.
 * Without a Chromium (CHROMIUM_PATH, or in its usual places) the stories are skipped, loudly.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Result } from 'axe-core'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { API_KEY, Program, temporaryDirectory, type ProgramOptions } from './program.ts'

const USUAL_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const LAUNCH_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const ACTION_TIMEOUT_MS = 15_000
const AXE_SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

const executablePath = [process.env['CHROMIUM_PATH'] ?? '', ...USUAL_PLACES].find(existsSync)
if (executablePath === undefined) {
  process.emitWarning('There is no Chromium: the web page is NOT tested. Set CHROMIUM_PATH.')
}

/** Registers a story; one after the other, as each keeps a core busy. */
export const browserTest = executablePath === undefined ? test.skip : test.serial

let browser: Promise<Browser> | undefined

test.after.always(async () => {
  await (await browser)?.close()
})

/** Starts a program of its own for the story. */
export async function startProgram(
  t: ExecutionContext,
  options: Omit<ProgramOptions, 'dataDir'> = {},
): Promise<Program> {
  const program = await Program.start({ dataDir: temporaryDirectory(t), ...options })
  t.teardown(async () => void (await program.stop()))
  return program
}

/** A program with these links, the newest last, and its page, signed in. */
export async function signedIn(
  t: ExecutionContext,
  links: readonly Record<string, unknown>[] = [],
  options: BrowserContextOptions = {},
): Promise<{ program: Program; page: Page }> {
  const program = await startProgram(t)
  for (const link of links) t.is((await program.create(link)).status, 201)
  const page = await openPage(t, `${program.url}/#key=${API_KEY}`, options)
  return { program, page }
}

/** Opens `url` in a fresh context. @param others origins that may be asked besides */
export async function openPage(
  t: ExecutionContext,
  url: string,
  options: BrowserContextOptions = {},
  others: readonly string[] = [],
): Promise<Page> {
  browser ??= chromium.launch({ executablePath: executablePath!, args: LAUNCH_ARGS })
  const context = await (await browser).newContext({ colorScheme: 'light', ...options })
  context.setDefaultTimeout(ACTION_TIMEOUT_MS)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  const complaints = watch(page, [new URL(url).origin, ...others])
  t.teardown(async () => {
    // A question of the page may be under way.
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await context.close()
    if (complaints.length > 0) throw new Error(`The page ${complaints.join('; the page ')}`)
  })
  await page.goto(url)
  return page
}

/** What the page should not have done. A refused request is an answer, not an error of the page. */
function watch(page: Page, origins: readonly string[]): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`threw ${error.stack}`))
  page.on('console', (message) => {
    const isRefusal = /^Failed to load resource: .*\b(4\d\d|501|503)\b/.test(message.text())
    const isCutOff = message.text().includes('net::ERR_INTERNET_DISCONNECTED')
    if (message.type() !== 'error' || isRefusal || isCutOff) return
    complaints.push(`logged ${message.text()}`)
  })
  page.on('request', (request) => {
    if (origins.includes(new URL(request.url()).origin) || request.url().startsWith('blob:')) return
    complaints.push(`asked ${request.url()}`)
  })
  return complaints
}

/** Takes a picture if pictures are wanted, and looks for barriers and for anything cut off. */
export async function inspect(t: ExecutionContext, page: Page, name: string): Promise<void> {
  await takePicture(page, name)
  t.deepEqual(await barriers(page), [], `barriers on ${name}`)
  const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  t.true(Number(excess) <= 0, `${name} scrolls sideways by ${String(excess)} pixels`)
}

/** If pictures are wanted. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const directory = process.env['TINYGRID_SCREENSHOTS']
  if (directory === undefined) return
  await page.screenshot({ path: path.join(directory, `${name}.png`), fullPage: true })
}

/** What axe finds that is serious or critical. */
async function barriers(page: Page): Promise<readonly string[]> {
  // Colours in the middle of a transition have no meaning yet. What pulses for ever has them all.
  // One that is taken back, as by other colours, is followed by others.
  await page.evaluate(`(async () => {
    const changing = () => document.getAnimations().filter(({ effect, playState }) =>
      playState === 'running' && effect.getComputedTiming().endTime < Infinity)
    while (changing().length > 0) await Promise.allSettled(changing().map(({ finished }) => finished))
  })()`)
  await page.evaluate(AXE_SOURCE)
  const found = await page.evaluate<Result[]>('axe.run().then(({ violations }) => violations)')
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
