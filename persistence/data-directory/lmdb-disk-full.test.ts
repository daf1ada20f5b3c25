/** A full disk refuses writes, keeps what it has, and takes writes again when there is room. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import test from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { LmdbLinkStore } from '../store/lmdb-link-store.ts'
import { LmdbLog } from '../log/lmdb-log.ts'
import { smallDisk } from '../testing/small-disk.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

const work = systemLongWork()

const P = 0 as PartitionId

test('the log on a full disk says log_full until there is room', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const log = await LmdbLog.open(path.join(disk, 'log'), { logBytesMax: 1e9, work })
  let last = 0 as LogPosition
  const append = async () => {
    last = await log.append(P, Buffer.alloc(5000, last), last)
  }
  await t.throwsAsync(forEver(append), { code: 'log_full' })
  await t.throwsAsync(append(), { code: 'log_full' })
  t.is(await log.last(P), last)
  t.is((await Array.fromAsync(log.readAfter(P, 0 as LogPosition))).length, last)
  await rm(path.join(disk, 'ballast'))
  await append()
  await log.trim(P, last)
  await t.notThrowsAsync(async () => {
    for (let count = 0; count < 200; count++) await append()
  })
  await log.close()
  const again = await LmdbLog.open(path.join(disk, 'log'), { logBytesMax: 1e9, work })
  t.is(await again.last(P), last)
  await again.close()
})

test('a log that filled the disk itself works again after a trim', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const log = await LmdbLog.open(path.join(disk, 'log'), { logBytesMax: 1e9, work })
  let last = 0 as LogPosition
  const append = async () => {
    last = await log.append(P, Buffer.alloc(5000, last), last)
  }
  await t.throwsAsync(forEver(append), { code: 'log_full' })
  await log.trim(P, last)
  for (let count = 0; count < 20; count++) await append()
  t.is(await log.last(P), last)
  await log.close()
})

test('a trim goes through on a full disk even among appends that do not', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const log = await LmdbLog.open(path.join(disk, 'log'), { logBytesMax: 1e9, work })
  let last = 0 as LogPosition
  const append = async () => {
    last = await log.append(P, Buffer.alloc(5000, last), last)
  }
  await t.throwsAsync(forEver(append), { code: 'log_full' })
  const [refused] = await Promise.all([
    t.throwsAsync(append(), { code: 'log_full' }),
    log.trim(P, last),
  ])
  t.truthy(refused)
  await append()
  await log.close()
})

test('the store on a full disk is unavailable until there is room', async (t) => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const store = await LmdbLinkStore.open(path.join(disk, 'store'), { partitions: 16, work })
  let written = 0
  const write = async () => {
    await store.write(links(written))
    written++
  }
  await t.throwsAsync(forEver(write), { code: 'store_unavailable' })
  await t.throwsAsync(write(), { code: 'store_unavailable' })
  t.deepEqual(await store.get(links(0)[0]!.code), links(0)[0])
  await rm(path.join(disk, 'ballast'))
  await write()
  t.deepEqual(await store.get(links(written - 1)[0]!.code), links(written - 1)[0])
  await store.close()
})

function links(round: number) {
  const title = 'x'.repeat(150)
  return Array.from({ length: 100 }, (_, index) => linkVersion(`r${round}-${index}`, 1, { title }))
}

async function forEver(action: () => Promise<void>): Promise<never> {
  while (true) await action()
}
