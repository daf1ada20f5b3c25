/**
 * Measures the click parser in a process of its own and prints the figures as JSON: clicks per second on one
 * core, with so many distinct agents and addresses that its caches are what they will be.
 *
 * Records are made before, as batches' readers give them: strings of their own, in no order.
 */
import { openAddressData } from '../clicks/parse/address-data.ts'
import { ClickParser } from '../clicks/parse/click-parser.ts'
import type { ClickRecord } from '../clicks/log/click-batch.ts'
import type { Code, EpochMs } from '../links/ids.ts'

const AGENTS = 1_000
const ADDRESSES = 100_000
const REFERRERS = 2_000
const RECORDS = 200_000
const ROUNDS = 5

const opened = performance.now()
const addresses = await openAddressData({
  countryFile: undefined,
  networkFile: undefined,
  onMissing: (message) => console.error(message),
})
const openMs = performance.now() - opened

const records = Array.from({ length: RECORDS }, (_, index) => record(index))
const parser = new ClickParser({ addresses, keepsAddress: true })
const perSecond: number[] = []
for (let round = 0; round < ROUNDS; round++) perSecond.push(clicksPerSecond())
const [first = 0, ...warm] = perSecond
console.log(JSON.stringify({ openMs, first, warm }))

function clicksPerSecond(): number {
  const before = process.cpuUsage()
  for (const item of records) parser.parse(item, 'n1')
  const { user, system } = process.cpuUsage(before)
  return RECORDS / ((user + system) / 1_000_000)
}

/** Numbers that look like chance and are the same in each run. */
function chance(seed: number, below: number): number {
  return (Math.imul(seed ^ (seed >>> 15), 0x9e_37_79_b1) >>> 0) % below
}

function record(index: number): ClickRecord {
  const headers =
    `User-Agent: ${agent(chance(index, AGENTS))}\n` +
    `Referer: https://www.example-${chance(index + 1, REFERRERS)}.org/a/page?of=it\n` +
    'Accept-Language: de-AT,de;q=0.9,en;q=0.5'
  return {
    code: `code${index % 10_000}` as Code,
    at: (1_800_000_000_000 + index) as EpochMs,
    status: 302,
    address: address(chance(index + 2, ADDRESSES)),
    visitor: '0123456789abcdef',
    headers: Buffer.from(headers).toString('latin1'),
    query: index % 4 === 0 ? `utm_source=news&utm_campaign=c${index % 100}` : '',
    targetQuery: '',
    rule: 0,
  }
}

/** Every tenth is a bot. */
function agent(number: number): string {
  if (number % 10 === 0) return `Mozilla/5.0 (compatible; Bot${number}/1.0; +http://bot.example/)`
  const version = 100 + (number % 40)
  return (
    `Mozilla/5.0 (Windows NT 10.${number}; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ` +
    `Chrome/${version}.0.0.0 Safari/537.36`
  )
}

/** Every third is of IPv6. */
function address(number: number): string {
  const [high, middle, low] = [1 + (number % 220), (number >> 3) % 256, (number >> 8) % 256]
  if (number % 3 !== 0) return `${high}.${middle}.${low}.0`
  return `2a0${number % 10}:${(number >> 4).toString(16)}:${low.toString(16)}::`
}
