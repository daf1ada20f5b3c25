/**
 * Measures the DuckDB click store in a process of its own and prints the figures as JSON.
 *
 * `node bench/click-store-process.ts DIRECTORY [CLICKS]`. The clicks are those of a year: 1,000 agents,
 * 100,000 addresses, 10,000 links, appended as analytics does it. Making them is not counted. CPU is that
 * of the whole process, DuckDB's threads included, so that other work on the machine spoils it less.
 */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { PlacedClick } from '../clicks/click.ts'
import { DuckDbClickStore } from '../clicks/store/duckdb-click-store.ts'
import { CLICK_STORE_FILE } from '../clicks/store/duckdb-database.ts'
import type { Question } from '../clicks/store/question.ts'
import type { Code, EpochMs } from '../links/ids.ts'
import { median } from './measure.ts'

export interface ClickStoreFigures {
  readonly clicks: number
  /** Of one second of CPU time, and of one of the wall clock. */
  readonly appendsPerCpuSecond: number
  readonly appendsPerSecond: number
  readonly bytesPerClick: number
  /** Milliseconds; the best and the middle of some rounds. */
  readonly yearByDay: Times
  readonly topCountries: Times
  readonly lookUp: Times
  readonly csvRowsPerCpuSecond: number
  readonly csvRowsPerSecond: number
  /** Peaks of the resident set while a million rows were read and four times as many, in that order. */
  readonly csvPeakBytes: readonly [one: number, four: number]
}

interface Times {
  readonly best: number
  readonly median: number
}

const COUNTRIES = ['DE', 'AT', 'CH', 'US', 'FR', 'GB', 'NL', 'IT', 'ES', 'PL', 'CZ', 'SE', 'BR', '']
const BROWSERS = ['Chrome', 'Safari', 'Firefox', 'Edge', 'Samsung Internet']
const SYSTEMS = ['Windows', 'iOS', 'Android', 'macOS', 'Linux']
const GROUP = 10_000
const LINKS = 10_000
const AGENTS = 1_000
const ADDRESSES = 100_000
const REFERRERS = 2_000
const ROUNDS = 7
const CSV_ROWS = 1_000_000
const YEAR_FROM = Date.UTC(2026, 0, 1)
const YEAR_TO = Date.UTC(2027, 0, 1)
const SETTINGS = { memoryBytesMax: 2 ** 29, threads: 2, questionMsMax: 60_000 }

const [directory = '', count = '10000000'] = process.argv.slice(2)
const clicks = Number(count)
const open = () => DuckDbClickStore.open({ ...SETTINGS, directory })
const appended = await measureAppends()
const store = await open()
const figures: ClickStoreFigures = {
  clicks,
  ...appended,
  yearByDay: await measureQuestion({ code: codeOf(77), interval: 'day' }),
  topCountries: await measureQuestion({
    from: Date.UTC(2026, 4, 1) as EpochMs,
    to: Date.UTC(2026, 5, 1) as EpochMs,
    groupBy: ['country'],
  }),
  lookUp: await timesOf(() =>
    store.clicksOf(Array.from({ length: 50 }, (_, link) => codeOf(link))),
  ),
  ...(await measureCsv()),
  csvPeakBytes: await measureMemory(),
}
await store.close()
console.log(JSON.stringify(figures))

async function measureAppends() {
  const filled = await open()
  let cpuMs = 0
  let wallMs = 0
  const measured = async (work: () => Promise<void>) => {
    const [cpu, wall] = [process.cpuUsage(), performance.now()]
    await work()
    cpuMs += cpuMsSince(cpu)
    wallMs += performance.now() - wall
  }
  for (let first = 0, position = 1; first < clicks; first += GROUP, position++) {
    const group = Array.from({ length: Math.min(GROUP, clicks - first) }, (_, index) =>
      clickOf(first + index, position, index),
    )
    await measured(() => filled.append(group, position))
  }
  await measured(() => filled.close())
  const { size } = await stat(path.join(directory, CLICK_STORE_FILE))
  return {
    appendsPerCpuSecond: (clicks * 1_000) / cpuMs,
    appendsPerSecond: (clicks * 1_000) / wallMs,
    bytesPerClick: size / clicks,
  }
}

async function measureQuestion(asked: Partial<Question>): Promise<Times> {
  const question: Question = {
    from: YEAR_FROM as EpochMs,
    to: YEAR_TO as EpochMs,
    filters: [],
    bots: 'include',
    orphans: false,
    timezone: 'Europe/Berlin',
    groupBy: [],
    limit: 10,
    ...asked,
  }
  return timesOf(() => store.ask(question))
}

async function timesOf(work: () => Promise<unknown>): Promise<Times> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return { best: Math.min(...times), median: median(times) }
}

async function measureCsv() {
  const rows = Math.min(clicks, CSV_ROWS)
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  await exportCsv(rows)
  return {
    csvRowsPerCpuSecond: (rows * 1_000) / cpuMsSince(cpu),
    csvRowsPerSecond: (rows * 1_000) / (performance.now() - wall),
  }
}

/**
 * DuckDB keeps what it has read of the file, up to the memory that it is given; so the larger one comes once
 * before, and what grows after that is held by the export.
 */
async function measureMemory(): Promise<readonly [number, number]> {
  await exportCsv(4 * CSV_ROWS)
  return [await exportCsv(CSV_ROWS), await exportCsv(4 * CSV_ROWS)]
}

/** @returns the peak of the resident set meanwhile, in bytes */
async function exportCsv(rows: number): Promise<number> {
  const question = {
    from: YEAR_FROM as EpochMs,
    to: YEAR_TO as EpochMs,
    filters: [],
    bots: 'include' as const,
    orphans: false,
    timezone: 'UTC',
    visitsMax: rows,
  }
  let bytes = 0
  let peak = 0
  for await (const piece of store.visitsCsv(question)) {
    bytes += piece.length
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  assert(bytes > Math.min(rows, clicks))
  return peak
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** Numbers that look like chance and are the same in each run. */
function chance(number: number, salt: number, below: number): number {
  let bits = Math.imul(number ^ (salt * 0x85eb_ca6b), 0x9e37_79b1)
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b_3c6d)
  return ((bits ^ (bits >>> 12)) >>> 0) % below
}

function codeOf(link: number): Code {
  return chance(link, 9, 2 ** 32)
    .toString(36)
    .padStart(7, '0') as Code
}

function clickOf(number: number, position: number, index: number): PlacedClick {
  const at = YEAR_FROM + Math.floor((number / clicks) * (YEAR_TO - YEAR_FROM))
  const agent = chance(number, 1, AGENTS)
  const address = chance(number, 2, ADDRESSES)
  const isBot = agent % 10 === 0
  const campaign = chance(number, 4, 20)
  const day = Math.floor(at / 86_400_000)
  return {
    code: codeOf(chance(number, 3, LINKS)),
    at: at as EpochMs,
    kind: isBot ? 'bot' : 'human',
    botName: isBot ? `Bot${agent}` : '',
    country: COUNTRIES[address % COUNTRIES.length]!,
    asn: 1_000 + (address % 3_000),
    network: `Network of provider ${address % 3_000}`,
    networkType: address % 4 === 0 ? 'hosting' : 'consumer',
    ipVersion: address % 3 === 0 ? 6 : 4,
    address: addressOf(address),
    visitor: visitorOf(address * 1_000 + agent, day),
    browser: BROWSERS[agent % BROWSERS.length]!,
    browserVersion: `${100 + (agent % 40)}.0`,
    os: SYSTEMS[agent % SYSTEMS.length]!,
    device: agent % 3 === 0 ? 'mobile' : 'desktop',
    referrerHost: `example-${chance(number, 5, REFERRERS)}.org`,
    referrerPath: `/articles/${chance(number, 6, 50)}`,
    language: agent % 2 === 0 ? 'de-DE' : 'en-US',
    utmSource: campaign === 0 ? 'letter' : '',
    utmMedium: campaign === 0 ? 'email' : '',
    utmCampaign: campaign === 0 ? `campaign-${chance(number, 7, 30)}` : '',
    status: 302,
    node: 'n1',
    rule: 0,
    position,
    index,
  }
}

function addressOf(number: number): string {
  const bits = chance(number, 8, 2 ** 32)
  const parts = [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255]
  if (number % 3 !== 0) return `${parts.join('.')}.0`
  return `2a0${number % 10}:${parts[0]!.toString(16)}:${(bits & 0xffff).toString(16)}::`
}

function visitorOf(person: number, day: number): string {
  const halves = [chance(person, day, 2 ** 32), chance(person, day + 1_000_000, 2 ** 32)]
  return halves.map((half) => half.toString(16).padStart(8, '0')).join('')
}
