/**
 * A data directory with clicks in its click log, for analytics to take in when the program starts.
 *
 * Used by scenarios that ask about many clicks. They are of the last month, of so many links, agents,
 * addresses and referrers that questions have something to group.
 */
import { encodeBatch } from '../clicks/log/batch-codec.ts'
import type { ClickRecord } from '../clicks/log/click-batch.ts'
import { LmdbClickLog } from '../clicks/log/lmdb-click-log.ts'
import { systemClock } from '../links/clock.ts'
import type { Code, EpochMs } from '../links/ids.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { clickDirectories } from '../node/click-settings.ts'
import { API_KEY, type ServerProcess } from './server-process.ts'

const CLICKS_PER_BATCH = 1_000
const COUNTING_MS_MAX = 300_000
const ASK_EVERY_MS = 500
const MONTH_MS = 29 * 86_400_000
const KEPT = { bytesMax: 2 ** 32, ageMaxMs: 2 * MONTH_MS }
const LINKS = 5_000
const VISITORS = 250_000
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
]
const LANGUAGES = ['de-AT,de;q=0.9', 'en-US,en;q=0.8', 'fr', 'es-MX']

export async function fillClickLog(dataDir: string, clicks: number): Promise<void> {
  const now = Date.now()
  const options = { ...KEPT, clock: systemClock, now: () => Date.now() as EpochMs }
  const log = await LmdbClickLog.open(clickDirectories(dataDir).log, options)
  for (let first = 0; first < clicks; first += CLICKS_PER_BATCH) {
    const count = Math.min(CLICKS_PER_BATCH, clicks - first)
    const payload = encodeBatch({
      node: 'bench',
      run: 'filling',
      number: first / CLICKS_PER_BATCH,
      before: first,
      clicks: Array.from({ length: count }, (_, index) => record(first + index, now)),
      changes: [],
    })
    await log.append(`bench:filling:${first}`, payload)
  }
  await log.close()
}

/** Until the store has every click. @returns how long that took, in seconds */
export async function untilCounted(server: ServerProcess, clicks: number): Promise<number> {
  const start = performance.now()
  while (performance.now() - start < COUNTING_MS_MAX) {
    const response = await fetch(`${server.url}/api/stats?limit=0&visitors=none`, {
      headers: { 'x-api-key': API_KEY },
    })
    const answer = (await response.json()) as { totals?: { clicks: number } }
    if (answer.totals?.clicks === clicks) return (performance.now() - start) / 1000
    await sleep(ASK_EVERY_MS)
  }
  throw new Error('the clicks were not counted in time')
}

/** Numbers that look like chance and are the same in each run. */
function chance(seed: number, below: number): number {
  return (Math.imul(seed ^ (seed >>> 15), 0x9e_37_79_b1) >>> 0) % below
}

function record(index: number, now: number): ClickRecord {
  const [high, middle] = [1 + chance(index + 7, 220), chance(index + 3, 256)]
  return {
    code: `code${chance(index, LINKS)}` as Code,
    at: (now - chance(index + 1, MONTH_MS)) as EpochMs,
    status: 302,
    address: `${high}.${middle}.0.0`,
    visitor: chance(index + 2, VISITORS)
      .toString(16)
      .padStart(16, '0'),
    headers:
      `User-Agent: ${AGENTS[chance(index + 4, AGENTS.length)]}\n` +
      `Referer: https://www.example-${chance(index + 5, 500)}.org/a/page\n` +
      `Accept-Language: ${LANGUAGES[chance(index + 6, LANGUAGES.length)]}`,
    query: index % 4 === 0 ? `utm_source=news&utm_campaign=c${index % 50}` : '',
    targetQuery: '',
    rule: 0,
  }
}
