/**
 * What a user agent tells: a person, a bot or a preview; browser, system and kind of device.
 *
 * Used by the click parser, through a cache. `isbot` knows the bots, `bowser` browsers and systems; what
 * these do not know is beside this file. Of bots and previews neither browser nor device is told: they
 * borrow them, and would be counted as people's. An iPad that asks for desktop pages says that it is a Mac,
 * and is counted as one. Rejected: client hints, which browsers send only when asked, one request later.
 */
import Bowser from 'bowser'
import { CLICK_TEXT_MAX, type Device, type VisitorKind } from '../click.ts'
import { botNameOf } from './bot-name.ts'
import { cleanText } from './clean-text.ts'
import { inAppBrowser, type BrowserName } from './in-app-browsers.ts'
import { previewName } from './link-previews.ts'

export interface Agent {
  readonly kind: Exclude<VisitorKind, 'prefetch'>
  readonly botName: string
  readonly browser: string
  readonly browserVersion: string
  readonly os: string
  readonly device: Device
}

/** Longer agents are read up to here, in characters: what tells something stands before. */
export const AGENT_READ_MAX = 1_024

const CONSOLE = /playstation|xbox|nintendo/i
/** Watches, glasses, cars, readers. */
const OTHER_DEVICE = /\bwatch|oculus|quest|\btesla|qtcarbrowser|kindle\/|vision pro/i
const TV =
  /\btv\b|smart-?tv|appletv|googletv|hbbtv|netcast|web0s|bravia|roku|aft[a-z]{1,4}\b|crkey/i
const DEVICES: ReadonlyMap<string, Device> = new Map([
  ['desktop', 'desktop'],
  ['mobile', 'mobile'],
  ['tablet', 'tablet'],
  ['tv', 'tv'],
])

/** Where bowser knows no browser it gives a part of the text, of which there is no end. */
const BROWSERS: ReadonlySet<string> = new Set(Object.values(Bowser.BROWSER_MAP))

const PROGRAM = { browser: '', browserVersion: '', os: '', device: '' } as const

/** @param text of the header User-Agent, at most AGENT_READ_MAX characters are read; empty: a bot without a name */
export function parseAgent(text: string): Agent {
  const agent = cleanText(text, AGENT_READ_MAX)
  if (agent === '') return { kind: 'bot', botName: '', ...PROGRAM }
  const preview = previewName(agent)
  if (preview !== undefined) return { kind: 'preview', botName: preview, ...PROGRAM }
  const bot = botNameOf(agent)
  if (bot === undefined) return ofPerson(agent)
  return { kind: 'bot', botName: cleanText(bot, CLICK_TEXT_MAX.botName), ...PROGRAM }
}

function ofPerson(agent: string): Agent {
  const parser = Bowser.getParser(agent, true)
  const browser = inAppBrowser(agent) ?? browserOf(parser)
  return {
    kind: 'human',
    botName: '',
    browser: cleanText(browser.name, CLICK_TEXT_MAX.browser),
    browserVersion: cleanText(major(browser.version), CLICK_TEXT_MAX.browserVersion),
    os: cleanText(parser.parseOS().name ?? '', CLICK_TEXT_MAX.os),
    device: deviceOf(agent, parser.parsePlatform().type),
  }
}

function browserOf(parser: Bowser.Parser.Parser): BrowserName {
  const { name = '', version = '' } = parser.parseBrowser()
  return BROWSERS.has(name) ? { name, version } : { name: '', version: '' }
}

function major(version: string): string {
  return /^\d*/.exec(version)![0]
}

function deviceOf(agent: string, platform: string | undefined): Device {
  if (CONSOLE.test(agent)) return 'console'
  if (TV.test(agent)) return 'tv'
  if (OTHER_DEVICE.test(agent)) return 'other'
  return DEVICES.get(platform ?? '') ?? ''
}
