/** A data directory is made once, used by one, and refused with a sentence when it cannot be used. */
import { createHash } from 'node:crypto'
import {
  cp,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { StartError } from '../../links/errors.ts'
import { loadOrCreateApiKey } from './api-key-file.ts'
import { DataDirectory, DataDirectoryError } from './data-directory.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'
import { LmdbLinkStore } from '../store/lmdb-link-store.ts'
import { LmdbLog } from '../log/lmdb-log.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

const work = systemLongWork()

const OPTIONS = { partitions: 16 }

test('a new directory is made, closed, and opened again', async (t) => {
  const root = path.join(await temporary(t), 'made', 'on', 'the', 'way')
  for (let start = 0; start < 3; start++) {
    const directory = await DataDirectory.open(root, OPTIONS)
    await directory.close()
  }
  t.deepEqual((await readdir(root)).sort(), ['format.json', 'log', 'store'])
  t.is((await stat(root)).mode & 0o777, 0o700)
})

test('a directory whose making was interrupted is made again', async (t) => {
  const root = await temporary(t)
  await (await DataDirectory.open(root, OPTIONS)).close()
  const file = path.join(root, 'format.json')
  const format = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...format, isReady: false }))
  await rm(path.join(root, 'store'), { recursive: true })
  await (await DataDirectory.open(root, OPTIONS)).close()
  t.deepEqual((await readdir(root)).sort(), ['format.json', 'log', 'store'])
})

test('another number of partitions is refused with both numbers', async (t) => {
  const root = await temporary(t)
  await (await DataDirectory.open(root, OPTIONS)).close()
  await refuses(t, root, /made with 16 partitions, not 32/, { partitions: 32 })
})

test('a newer format is refused with both numbers', async (t) => {
  const root = await temporary(t)
  const newer = { product: 'tinygrid', format: 7, partitions: 16, isReady: true }
  await writeFile(path.join(root, 'format.json'), JSON.stringify(newer))
  await refuses(t, root, /has format 7, this version knows up to 3/)
})

test('a directory of something else is refused', async (t) => {
  const root = await temporary(t)
  await writeFile(path.join(root, 'holiday.jpg'), 'not a database')
  await refuses(t, root, /holds other files/)
})

test('a file in place of the directory is refused', async (t) => {
  const file = path.join(await temporary(t), 'file')
  await writeFile(file, '')
  await t.throwsAsync(DataDirectory.open(file, OPTIONS), {
    instanceOf: DataDirectoryError,
    message: /cannot be used/,
  })
})

for (const content of ['', '{', '[]', 'null', '{"product":"other","format":1}', '{"format":1}']) {
  test(`a format file that reads ${content || 'nothing'} is refused as damaged`, async (t) => {
    const root = await temporary(t)
    await writeFile(path.join(root, 'format.json'), content)
    await refuses(t, root, /is damaged: format.json/)
  })
}

test('damaged databases are refused, whatever the damage', async (t) => {
  const whole = await filledDirectory(t)
  const damages: Record<string, (file: string, size: number) => Promise<void>> = {
    gone: (file) => rm(file),
    empty: (file) => truncate(file, 0),
    'a few bytes': (file) => truncate(file, 100),
    'cut in half': (file, size) => truncate(file, size >> 1),
    'cut by a page': (file, size) => truncate(file, size - 4096 * 3),
    'garbage at the head': (file) => overwrite(file, 0, 64),
    'garbage in the second page': (file) => overwrite(file, 4096, 64),
    'garbage all over': (file, size) => overwrite(file, 8192, size - 8192),
  }
  for (const [title, damage] of Object.entries(damages)) {
    for (const name of ['log', 'store']) {
      const root = path.join(await temporary(t), 'copy')
      await cp(whole, root, { recursive: true })
      const file = path.join(root, name, 'data.mdb')
      await damage(file, (await stat(file)).size)
      await refuses(t, root, new RegExp(`is damaged: ${name}/data.mdb`), OPTIONS, title)
    }
  }
})

test('parts of two directories are refused, whichever was put in', async (t) => {
  for (const name of ['log', 'store']) {
    const root = await filledDirectory(t)
    const other = await filledDirectory(t)
    await rm(path.join(root, name), { recursive: true })
    await cp(path.join(other, name), path.join(root, name), { recursive: true })
    await t.throwsAsync(DataDirectory.open(root, OPTIONS), {
      instanceOf: DataDirectoryError,
      message: new RegExp(
        `holds parts of different directories: ${name}/ is of .* from one backup`,
      ),
    })
  }
})

test('a directory from before checksums and identity is brought up to date once', async (t) => {
  const root = await filledDirectory(t)
  await makeOld(root)
  const old = JSON.parse(await readFile(path.join(root, 'format.json'), 'utf8')) as object
  t.like(old, { format: 1, identity: undefined })
  await (await DataDirectory.open(root, OPTIONS)).close()
  const upgraded = JSON.parse(await readFile(path.join(root, 'format.json'), 'utf8')) as object
  t.like(upgraded, { ...old, format: 2 })
  t.is(await linksIn(root), 500)
  const store = await LmdbLinkStore.open(path.join(root, 'store'), { ...OPTIONS, work })
  t.deepEqual(await store.get(linkVersion('c7', 1).code), linkVersion('c7', 1, { tags: ['tag'] }))
  t.deepEqual(await store.checkpoints(), new Map([[3 as PartitionId, 90 as LogPosition]]))
  await store.close()
  await (await DataDirectory.open(root, OPTIONS)).close()
})

test('an old directory whose log and store cannot belong together stays as it is', async (t) => {
  const root = await filledDirectory(t)
  await makeOld(root, 101)
  await t.throwsAsync(DataDirectory.open(root, OPTIONS), {
    instanceOf: DataDirectoryError,
    message: /in partition 3 the log ends with entry 100, the store .* up to entry 101/,
  })
  t.regex(await readFile(path.join(root, 'format.json'), 'utf8'), /"format":1,/)
})

test('one page overwritten anywhere never ends the process', async (t) => {
  const whole = await filledDirectory(t)
  const { size } = await stat(path.join(whole, 'store', 'data.mdb'))
  let refused = 0
  for (let page = 2; page < size / 4096; page++) {
    const root = path.join(await temporary(t), 'copy')
    await cp(whole, root, { recursive: true })
    await overwrite(path.join(root, 'store', 'data.mdb'), page * 4096, 4096)
    try {
      await (await DataDirectory.open(root, OPTIONS)).close()
      t.is(await linksIn(root), 500, `page ${page} was not in use`)
    } catch (error) {
      t.true(error instanceof DataDirectoryError)
      refused++
    }
    await rm(root, { recursive: true })
  }
  t.true(refused > 20, `${refused} pages in use`)
})

test('the API key is made once and read by its owner alone', async (t) => {
  const root = await temporary(t)
  const first = await loadOrCreateApiKey(root)
  t.true(first.isNewKey)
  t.regex(first.apiKey, /^[\w-]{32}$/)
  t.deepEqual(await loadOrCreateApiKey(root), { apiKey: first.apiKey, isNewKey: false })
  t.is((await stat(path.join(root, 'api-key'))).mode & 0o777, 0o600)
  t.deepEqual(await readdir(root), ['api-key'])
})

for (const key of [
  'x',
  'fifteen-letters',
  'k'.repeat(257),
  'with a space inside it',
  'schl\u00fcssel-mit-umlaut',
]) {
  test(`a key file with ${key.length} characters that make no key is refused: ${key.slice(0, 22)}`, async (t) => {
    const root = await temporary(t)
    await writeFile(path.join(root, 'api-key'), `${key}\n`)
    const error = await t.throwsAsync(loadOrCreateApiKey(root), { instanceOf: StartError })
    t.regex(error.message, /^The API key in .*api-key must be 16 to 256 visible ASCII .*$/)
    t.false(error.message.includes(` ${key} `), 'it is not shown')
    t.is(await readFile(path.join(root, 'api-key'), 'utf8'), `${key}\n`)
  })
}

async function temporary(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-data-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  return root
}

/** A closed data directory with entries and 500 links. */
async function filledDirectory(t: ExecutionContext): Promise<string> {
  const root = await temporary(t)
  const directory = await DataDirectory.open(root, OPTIONS)
  const log = await LmdbLog.open(path.join(root, 'log'), { logBytesMax: 1e9, work })
  for (let index = 0; index < 100; index++) {
    const payload = Buffer.alloc(100 + index * 97, index)
    await log.append(3 as PartitionId, payload, index as LogPosition)
  }
  await log.close()
  const store = await LmdbLinkStore.open(path.join(root, 'store'), { ...OPTIONS, work })
  await store.write(
    Array.from({ length: 500 }, (_, index) => linkVersion(`c${index}`, 1, { tags: ['tag'] })),
  )
  await store.close()
  await directory.close()
  return root
}

/** Takes checksums and identity away, as directories were made once. */
async function makeOld(root: string, checkpoint = 90): Promise<void> {
  const file = path.join(root, 'format.json')
  const format = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...format, format: 1, identity: undefined }))
  const environment = new LmdbEnvironment(path.join(root, 'store'))
  await environment.hold()
  const links = environment.keyspace('links')
  const checkpoints = environment.keyspace('checkpoints')
  await environment.commit({ bytes: 0 }, () => {
    for (const { key, value } of links.getRange({})) void links.put(key, value.subarray(5))
    const position = Buffer.alloc(6)
    position.writeUIntBE(checkpoint, 0, 6)
    void checkpoints.put(Buffer.of(0, 3), position)
  })
  await environment.close()
}

async function linksIn(root: string): Promise<number> {
  const store = await LmdbLinkStore.open(path.join(root, 'store'), { ...OPTIONS, work })
  const partitions = Array.from({ length: 16 }, (_, index) => index as PartitionId)
  const batches = await Array.fromAsync(store.load(partitions))
  await store.close()
  return batches.flat().length
}

async function overwrite(file: string, position: number, length: number): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(length, 0xa5), 0, length, position)
  await handle.close()
}

/** Opening fails with one sentence that names the directory, and changes nothing in it. */
async function refuses(
  t: ExecutionContext,
  root: string,
  why: RegExp,
  options = OPTIONS,
  title?: string,
): Promise<void> {
  const before = await fingerprint(root)
  const error = await t.throwsAsync(
    DataDirectory.open(root, options),
    { instanceOf: DataDirectoryError, message: why },
    title,
  )
  t.true(error.message.includes(root))
  t.notRegex(error.message, /\n/)
  t.deepEqual(await fingerprint(root), before)
}

async function fingerprint(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map((entry) => path.join(entry.parentPath, entry.name)).sort()
  return Promise.all(
    paths.map(async (file) => {
      const digest = createHash('sha1')
        .update(await readFile(file))
        .digest('hex')
      return `${file} ${digest}`
    }),
  )
}
