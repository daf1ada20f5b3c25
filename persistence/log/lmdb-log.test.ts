/** The LMDB log keeps the contract of a log; kills and full disks are in files of their own. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { DataDirectoryError } from '../data-directory/data-directory.ts'
import { LmdbLog } from './lmdb-log.ts'
import { testLogContract } from './log.contract.ts'

const work = systemLongWork()

testLogContract('LMDB log', async (options) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-log-'))
  return {
    open: () => LmdbLog.open(directory, { ...options, work }),
    remove: () => rm(directory, { recursive: true }),
  }
})

test('positions are dense from 1 in each partition, and bytes are those of the payloads', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-log-'))
  const log = await LmdbLog.open(directory, { logBytesMax: 10, work })
  for (const partition of [3, 200] as PartitionId[]) {
    t.is(await log.append(partition, Buffer.from('12'), 0 as LogPosition), 1 as LogPosition)
    t.is(await log.append(partition, Buffer.from('345'), 1 as LogPosition), 2 as LogPosition)
  }
  t.is(log.bytes(), 10)
  const append = log.append(0 as PartitionId, Buffer.from('x'), 0 as LogPosition)
  await t.throwsAsync(append, { code: 'log_full' })
  await log.trim(3 as PartitionId, 1 as LogPosition)
  t.is(log.bytes(), 8)
  await log.close()
  await rm(directory, { recursive: true })
})

test('the file of a log that is trimmed as it grows stays small', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-log-'))
  const log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
  const partitions = Array.from({ length: 32 }, (_, index) => index as PartitionId)
  for (let round = 0; round < 300; round++) {
    const last = round as LogPosition
    const payload = Buffer.alloc(50 + ((round * 997) % 6000), round)
    await Promise.all(partitions.map((partition) => log.append(partition, payload, last)))
    await Promise.all(partitions.map((partition) => log.trim(partition, (last - 5) as LogPosition)))
  }
  const { size } = await stat(join(directory, 'data.mdb'))
  t.true(size < 16e6, `${size} bytes after 30 MB of appends with at most 2 MB held`)
  await log.close()
  await rm(directory, { recursive: true })
})

test('an append to a closed log is refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-log-'))
  const log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
  await log.close()
  const append = log.append(0 as PartitionId, Buffer.from('late'), 0 as LogPosition)
  await t.throwsAsync(append, { code: 'log_unavailable' })
  await rm(directory, { recursive: true })
})

test('a log with a damaged chunk is refused with a sentence', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-log-'))
  const log = await LmdbLog.open(directory, { logBytesMax: 1e9, work })
  await log.append(7 as PartitionId, Buffer.from('payload'), 0 as LogPosition)
  await log.close()
  const file = join(directory, 'data.mdb')
  const bytes = await readFile(file)
  bytes.fill(0xff, bytes.indexOf('payload') - 4, bytes.indexOf('payload'))
  await writeFile(file, bytes)
  await t.throwsAsync(LmdbLog.open(directory, { logBytesMax: 1e9, work }), {
    instanceOf: DataDirectoryError,
    message: /^The log in .* is damaged; [^\n]*\.$/,
  })
  await rm(directory, { recursive: true })
})
