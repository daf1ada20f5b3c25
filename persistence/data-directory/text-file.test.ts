import { mkdtemp, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { keptTextContract } from '../../cluster/kept/kept-text.contract.ts'
import { TextFile } from './text-file.ts'

async function scratch(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-text-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

keptTextContract(test, 'file', async (t) => {
  const directory = await scratch(t)
  const open = () => TextFile.open(directory, 'list.json')
  return { text: await open(), again: open }
})

test('the file is its owner’s alone, and what cannot be written changes nothing', async (t) => {
  const directory = await scratch(t)
  const text = await TextFile.open(directory, 'list.json')
  await text.change(() => 'kept')
  t.is((await stat(path.join(directory, 'list.json'))).mode & 0o777, 0o600)
  await rm(directory, { recursive: true })
  await t.throwsAsync(
    text.change(() => 'lost'),
    { message: /cannot be changed/ },
  )
  t.is(text.current, 'kept')
})
