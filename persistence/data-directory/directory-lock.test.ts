/** One process at a time has a directory, and a killed one leaves no lock behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DirectoryLock } from './directory-lock.ts'

const MODULE = JSON.stringify(new URL('directory-lock.ts', import.meta.url).href)

/** Locks the directory, says whether it did, and stays. */
const LOCKER = `
  import { DirectoryLock } from ${MODULE}
  const lock = await DirectoryLock.acquire(process.argv[1])
  process.stdout.write(lock === undefined ? 'refused' : 'locked')
  setInterval(() => {}, 1000)`

test('a directory is locked once, and again after the release', async (t) => {
  const root = await temporary(t)
  const lock = await DirectoryLock.acquire(root)
  t.truthy(lock)
  t.is(await DirectoryLock.acquire(root), undefined)
  await lock!.release()
  t.deepEqual(await readdir(root), [])
  const again = await DirectoryLock.acquire(root)
  t.truthy(again)
  await again!.release()
})

test('a lock whose process is killed is no lock', async (t) => {
  const root = await temporary(t)
  for (let round = 0; round < 3; round++) {
    const { child, answer } = await startLocker(root)
    t.is(answer, 'locked')
    t.is(await DirectoryLock.acquire(root), undefined)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const lock = await DirectoryLock.acquire(root)
  t.truthy(lock)
  t.is((await readdir(root)).length, 1, 'what the dead have left is gone')
  await lock!.release()
})

test('a lock whose process is stopped holds', async (t) => {
  const root = await temporary(t)
  const { child } = await startLocker(root)
  child.kill('SIGSTOP')
  t.is(await DirectoryLock.acquire(root), undefined)
  child.kill('SIGKILL')
  await once(child, 'exit')
})

test('of many that start together, at most one gets the directory', async (t) => {
  const root = await temporary(t)
  for (let round = 0; round < 5; round++) {
    const attempts = Array.from({ length: 4 }, () => DirectoryLock.acquire(root))
    const locks = (await Promise.all(attempts)).filter((lock) => lock !== undefined)
    t.true(locks.length <= 1, `${locks.length} have it`)
    await Promise.all(locks.map((lock) => lock.release()))
  }
})

test('a directory with a long path can be locked', async (t) => {
  const root = path.join(await temporary(t), 'long'.repeat(40))
  await mkdir(root)
  const lock = await DirectoryLock.acquire(root)
  t.truthy(lock)
  t.is(await DirectoryLock.acquire(root), undefined)
  await lock!.release()
  t.deepEqual(await readdir(root), [])
})

async function temporary(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-lock-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  return root
}

async function startLocker(root: string) {
  const parameters = ['--input-type=module', '--eval', LOCKER, root]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [answer] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, answer: answer.toString() }
}
