/** Saved values outlive the process, whole. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { StartError } from '../../links/errors.ts'
import { FileValues } from './file-values.ts'

test('what was put is there again, and what was removed is not', async (t) => {
  const file = await newFile(t)
  const values = await FileValues.open(file)
  await Promise.all([values.put('b.1', 'one'), values.put('a.2', 'two'), values.put('a.1', 'x')])
  await values.remove('a.1')
  await values.remove('a.9')
  const again = await FileValues.open(file)
  t.deepEqual([...(await again.list('a.'))], [['a.2', 'two']])
  t.deepEqual(
    [...(await again.list(''))].map(([name]) => name),
    ['a.2', 'b.1'],
  )
})

test('a damaged file is not replaced', async (t) => {
  for (const text of ['', '{"a":', '{"a":1}', 'null']) {
    const file = await newFile(t)
    await mkdir(path.dirname(file))
    await writeFile(file, text)
    await t.throwsAsync(FileValues.open(file), { instanceOf: StartError, message: /damaged/ })
    t.is(await readFile(file, 'utf8'), text)
  }
})

test('what cannot be written is as it was', async (t) => {
  const file = await newFile(t)
  const values = await FileValues.open(file)
  await values.put('a', '1')
  await rm(path.dirname(file), { recursive: true })
  await t.throwsAsync(values.put('a', '2'), { code: 'click_store_unavailable' })
  t.is((await values.list('a')).get('a'), '1')
})

async function newFile(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-values-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return path.join(directory, 'hooks', 'values.json')
}
