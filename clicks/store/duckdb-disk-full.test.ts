/** A full disk refuses clicks, keeps what it has and answers, and takes clicks again when there is room. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { smallDisk } from '../../persistence/testing/small-disk.ts'
import { NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'

const DISK = { mountedBytes: 9 * 2 ** 20, ballastBytes: 3 * 2 ** 20 }
const CLICKS_EACH = 2_000
const SETTINGS = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }

/** Where there is no room for: the write-ahead log, or the file that it is brought into. */
const CASES = [
  ['the write-ahead log', 2 ** 30],
  ['the file', 2 ** 20],
] as const

for (const [what, checkpointBytes] of CASES) {
  test(`a disk without room for ${what} is unavailable until there is some`, async (t) => {
    const disk = await smallDisk(t, DISK)
    if (disk === undefined) return
    const open = () =>
      DuckDbClickStore.open({ ...SETTINGS, checkpointBytes, directory: path.join(disk, 'store') })
    const store = await open()
    let position = 0
    const append = async () => {
      await store.append(clicksAt(position + 1), position + 1)
      position++
    }
    await t.throwsAsync(forEver(append), { code: 'click_store_unavailable' })
    await t.throwsAsync(append(), { code: 'click_store_unavailable' })
    t.is(await store.position(), position)
    t.is((await store.ask(sampleQuestion())).totals.clicks, position * CLICKS_EACH)
    await rm(path.join(disk, 'ballast'))
    await append()
    await store.close()
    const again = await open()
    t.is(await again.position(), position)
    t.is((await again.facts()).clicks, position * CLICKS_EACH)
    t.is((await again.mostClicked(0, 1))[0]!.clicks, position * CLICKS_EACH)
    await again.close()
  })
}

/** Different ones, so that they take room. */
function clicksAt(position: number) {
  return Array.from({ length: CLICKS_EACH }, (_, index) => {
    const number = position * CLICKS_EACH + index
    return sampleClick({
      position,
      index,
      at: (NOON + number) as EpochMs,
      visitor: (number * 0x9e3779b97f4a7).toString(16).padStart(16, '0').slice(-16),
      referrerPath: `/${(number * 0x9e3779b97f4a7).toString(36)}`,
    })
  })
}

async function forEver(action: () => Promise<void>): Promise<never> {
  while (true) await action()
}
