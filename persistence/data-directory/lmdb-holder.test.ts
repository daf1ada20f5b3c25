/** However the lock of a directory is removed, never two processes acknowledge writes to it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { mock } from 'node:test'
import test, { type ExecutionContext } from 'ava'
import type { Database } from 'lmdb'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { systemLongWork } from '../../links/long-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { LmdbLog } from '../log/lmdb-log.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'
import { LmdbHolder } from './lmdb-holder.ts'
import { LmdbLinkStore } from '../store/lmdb-link-store.ts'

const work = systemLongWork()
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/**
 * Locks and opens the directory. For each line of input it appends an entry with its name, without
 * end for `on`; prints each position that was acknowledged, and why one was not.
 */
const OWNER = `
  import { createInterface } from 'node:readline'
  import { DataDirectory } from ${here('data-directory.ts')}
  import { LmdbLog } from ${here('../log/lmdb-log.ts')}
  import { systemLongWork } from ${here('../../links/long-work.ts')}
  const work = systemLongWork()
  const [root, name] = process.argv.slice(1)
  const say = (text) => process.stdout.write(text + '\\n')
  const lines = createInterface(process.stdin)
  const input = lines[Symbol.asyncIterator]()
  await DataDirectory.open(root, { partitions: 16 })
  const onLost = () => say('lost')
  const log = await LmdbLog.open(root + '/log', { logBytesMax: 1e9, work, onLost })
  let last = await log.last(0)
  const append = async () => {
    try {
      last = await log.append(0, Buffer.from(name), last)
      say('at ' + last)
      return true
    } catch (error) {
      say('refused ' + error.code)
      return false
    }
  }
  say('open')
  while (true) {
    const { value } = await input.next()
    while ((await append()) && value === 'on');
  }`

class Owner {
  readonly child: ChildProcess
  readonly acknowledged: number[] = []
  readonly #lines: Interface
  readonly #seen: string[] = []

  constructor(t: ExecutionContext, root: string, name: string) {
    const parameters = ['--input-type=module', '--eval', OWNER, root, name]
    this.child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => this.child.kill('SIGKILL'))
    this.#lines = createInterface(this.child.stdout!)
    this.#lines.on('line', (line) => {
      this.#seen.push(line)
      if (line.startsWith('at ')) this.acknowledged.push(Number(line.slice(3)))
    })
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  /** Resolves once it has printed a line that begins so. */
  async heard(start: string): Promise<void> {
    while (!this.#seen.some((line) => line.startsWith(start))) await once(this.#lines, 'line')
  }

  async acknowledges(count: number): Promise<void> {
    while (this.acknowledged.length < count) await once(this.#lines, 'line')
  }
}

test('a process whose lock was removed acknowledges nothing once another one has opened', async (t) => {
  const { root, first } = await withOwner(t)
  await removeLock(root)
  const second = await openSecond(t, root)
  first.say('once')
  await first.heard('refused log_unavailable')
  t.is(first.acknowledged.length, 1)
  await assertTheirs(t, root, first, second)
})

test('one that was stopped meanwhile finds out before it writes', async (t) => {
  const { root, first } = await withOwner(t)
  first.child.kill('SIGSTOP')
  await removeLock(root)
  const second = await openSecond(t, root)
  first.say('once')
  first.child.kill('SIGCONT')
  await first.heard('refused log_unavailable')
  t.is(first.acknowledged.length, 1)
  await assertTheirs(t, root, first, second)
})

test('one that writes nothing finds out by itself', async (t) => {
  const { root, first } = await withOwner(t)
  await removeLock(root)
  await openSecond(t, root)
  await first.heard('lost')
  t.pass()
})

test('of two that write as fast as they can, the log holds what each was told', async (t) => {
  const { root, first } = await withOwner(t)
  first.say('on')
  await first.acknowledges(20)
  await removeLock(root)
  const second = await openSecond(t, root)
  second.say('on')
  await second.acknowledges(50)
  await first.heard('refused log_unavailable')
  await assertTheirs(t, root, first, second)
})

test('also where the lock of the database was removed with it', async (t) => {
  const { root, first } = await withOwner(t)
  await removeLock(root)
  await rm(path.join(root, 'log', 'lock.mdb'))
  const second = await openSecond(t, root)
  first.say('once')
  await first.heard('refused log_unavailable')
  t.is(first.acknowledged.length, 1)
  await assertTheirs(t, root, first, second)
})

test('a store that another process has opened takes nothing from the first', async (t) => {
  const root = await temporary(t)
  let isLost = false
  const onLost = () => (isLost = true)
  const first = await LmdbLinkStore.open(root, { partitions: 16, work, onLost })
  await first.write([linkVersion('a', 1)])
  const second = await LmdbLinkStore.open(root, { partitions: 16, work })
  await t.throwsAsync(first.write([linkVersion('a', 2)]), { code: 'store_unavailable' })
  t.true(isLost)
  await t.throwsAsync(first.saveCheckpoints(new Map([[1 as PartitionId, 2 as LogPosition]])), {
    code: 'store_unavailable',
  })
  t.deepEqual(await second.get(linkVersion('a', 1).code), linkVersion('a', 1))
  await first.close()
  await second.close()
})

test('a store whose file was replaced under it acknowledges nothing that would be lost', async (t) => {
  const root = await temporary(t)
  const store = await LmdbLinkStore.open(root, { partitions: 16, work })
  await store.write([linkVersion('a', 1)])
  const file = path.join(root, 'data.mdb')
  await copyFile(file, `${file}.old`)
  await rename(`${file}.old`, file)
  await t.throwsAsync(store.write([linkVersion('a', 2)]), { code: 'store_unavailable' })
  await store.close()
})

async function temporary(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-holder-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  return root
}

/** A process that has the directory and one entry acknowledged. */
async function withOwner(t: ExecutionContext) {
  const root = await temporary(t)
  const first = new Owner(t, root, 'first')
  await first.heard('open')
  first.say('once')
  await first.acknowledges(1)
  return { root, first }
}

/** A second one, which has acknowledged an entry. */
async function openSecond(t: ExecutionContext, root: string): Promise<Owner> {
  const second = new Owner(t, root, 'second')
  await second.heard('open')
  second.say('once')
  await second.acknowledges(1)
  return second
}

async function removeLock(root: string): Promise<void> {
  const locks = (await readdir(root)).filter((name) => name.startsWith('lock-'))
  for (const name of locks) await rm(path.join(root, name))
}

/** At each position that a process was told of stands what that process wrote. */
async function assertTheirs(t: ExecutionContext, root: string, first: Owner, second: Owner) {
  for (const { child } of [first, second]) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const log = await LmdbLog.open(path.join(root, 'log'), { logBytesMax: 1e9, work })
  const entries = new Map<number, string>()
  for await (const { position, payload } of log.readAfter(0 as PartitionId, 0 as LogPosition)) {
    entries.set(position, payload.toString())
  }
  await log.close()
  t.true(first.acknowledged.every((position) => entries.get(position) === 'first'))
  t.true(second.acknowledged.every((position) => entries.get(position) === 'second'))
}

test.serial('a take that takes long is no loss: who holds is looked after once it does', (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  let losses = 0
  const nothingYet = { getEntry: () => undefined } as unknown as Database<Buffer, Buffer>
  const holder = new LmdbHolder(nothingYet, tmpdir(), () => losses++)
  mock.timers.tick(60_000)
  t.is(losses, 0)
  holder.watch()
  mock.timers.tick(60_000)
  t.is(losses, 1)
})

test.serial('who was closed before it held looks at nothing any more', (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  let looks = 0
  const closed = { getEntry: () => looks++ } as unknown as Database<Buffer, Buffer>
  const holder = new LmdbHolder(closed, tmpdir(), () => {})
  holder.close()
  holder.watch()
  mock.timers.tick(60_000)
  t.is(looks, 0)
})

test.serial('an environment that is taken twice is looked after once', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-holder-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const environment = new LmdbEnvironment(root)
  await environment.hold()
  await environment.hold()
  await environment.close()
  t.notThrows(() => mock.timers.tick(60_000))
})
