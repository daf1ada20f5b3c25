/**
 * A click log with many clicks, as visitors with many agents and addresses would have made them.
 */
import { encodeBatch } from '../clicks/log/batch-codec.ts'
import { batchId, type ClickBatch, type ClickRecord } from '../clicks/log/click-batch.ts'
import { LmdbClickLog } from '../clicks/log/lmdb-click-log.ts'
import { systemClock } from '../links/clock.ts'
import { toEpochMs, type Code, type EpochMs } from '../links/ids.ts'

const CLICKS_PER_BATCH = 1_000
const AGENTS = 1_000
const ADDRESSES = 100_000
const REFERRERS = 2_000
const LOG = { bytesMax: 2 ** 30, ageMaxMs: 86_400_000, clock: systemClock, now }

export interface WrittenClicks {
  readonly clicks: number
  readonly bytes: number
}

/** Fills a new click log. @param links over which the clicks are spread */
export async function writeClicks(
  directory: string,
  clicks: number,
  links: number,
): Promise<WrittenClicks> {
  const log = await LmdbClickLog.open(directory, LOG)
  for (let before = 0, number = 0; before < clicks; before += CLICKS_PER_BATCH, number++) {
    const records = Array.from({ length: CLICKS_PER_BATCH }, (_, index) =>
      record(before + index, links),
    )
    const batch: ClickBatch = {
      node: 'n1',
      run: 'r1',
      number,
      before,
      clicks: records,
      changes: [],
    }
    await log.append(batchId(batch), encodeBatch(batch))
  }
  const { bytes } = await log.reader().span()
  await log.close()
  return { clicks, bytes }
}

function record(index: number, links: number): ClickRecord {
  return {
    code: `code${chance(index + 3, links)}` as Code,
    at: (now() - 1) as EpochMs,
    status: 302,
    address: addressOf(chance(index + 2, ADDRESSES)),
    visitor: chance(index + 2, ADDRESSES)
      .toString(16)
      .padStart(16, '0'),
    headers:
      `User-Agent: ${agentOf(chance(index, AGENTS))}\n` +
      `Referer: https://www.example-${chance(index + 1, REFERRERS)}.org/a/page?of=it\n` +
      'Accept-Language: de-AT,de;q=0.9,en;q=0.5',
    query: index % 4 === 0 ? `utm_source=news&utm_campaign=c${index % 100}` : '',
    targetQuery: '',
    rule: 0,
  }
}

/** Numbers that look like chance and are the same in each run. */
function chance(seed: number, below: number): number {
  return (Math.imul(seed ^ (seed >>> 15), 0x9e_37_79_b1) >>> 0) % below
}

function agentOf(number: number): string {
  return (
    `Mozilla/5.0 (Windows NT 10.${number}; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ` +
    `Chrome/${100 + (number % 40)}.0.0.0 Safari/537.36`
  )
}

function addressOf(number: number): string {
  return `${1 + (number % 220)}.${(number >> 3) % 256}.${(number >> 9) % 256}.0`
}

function now(): EpochMs {
  return toEpochMs(Date.now())
}
