import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { withBuildLock } from './build-lock.ts'

function lockFile(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-lock-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return path.join(directory, 'cache', 'build.lock')
}

test('two who want to build do so one after the other, and the second says that it waits', async (t) => {
  const file = lockFile(t)
  const events: string[] = []
  const first = Promise.withResolvers<void>()
  const one = withBuildLock(file, t.fail, async () => {
    events.push('one builds')
    await first.promise
    events.push('one is done')
  })
  const waits = () => {
    events.push('other waits')
    first.resolve()
  }
  await withBuildLock(file, waits, () => Promise.resolve(events.push('other builds')))
  await one
  t.deepEqual(events, ['one builds', 'other waits', 'one is done', 'other builds'])
})

test('a build that fails leaves no lock', async (t) => {
  const file = lockFile(t)
  const failing = withBuildLock(file, t.fail, () => Promise.reject(new Error('no compiler')))
  await t.throwsAsync(failing, { message: 'no compiler' })
  t.is(await withBuildLock(file, t.fail, () => Promise.resolve('built')), 'built')
})

test('a builder that is killed leaves no lock', async (t) => {
  t.plan(2)
  const file = lockFile(t)
  const module = JSON.stringify(path.resolve(import.meta.dirname, 'build-lock.ts'))
  const source = `
    const { withBuildLock } = await import(${module})
    await withBuildLock(${JSON.stringify(file)}, () => {}, () => {
      console.log('locked')
      return new Promise((resolve) => setTimeout(resolve, 60_000))
    })`
  const builder = execFile(process.execPath, ['--input-type=module', '-e', source])
  await new Promise((resolve) => builder.stdout!.once('data', resolve))

  const kill = () => t.true(builder.kill('SIGKILL'))
  t.is(await withBuildLock(file, kill, () => Promise.resolve('built')), 'built')
})
