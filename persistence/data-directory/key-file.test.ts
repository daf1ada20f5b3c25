import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { keyStoreContract, sampleKey } from '../../cluster/keys/key-store.contract.ts'
import { KeyFile } from './key-file.ts'

async function scratch(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-keys-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

keyStoreContract(test, 'file', async (t) => {
  const directory = await scratch(t)
  return { store: await KeyFile.open(directory), again: () => KeyFile.open(directory) }
})

test('the file is its owner’s alone, and one that cannot be read stops the start', async (t) => {
  const directory = await scratch(t)
  const file = path.join(directory, 'keys.json')
  await (await KeyFile.open(directory)).add(sampleKey())
  t.is((await stat(file)).mode & 0o777, 0o600)
  await writeFile(file, (await readFile(file, 'utf8')).replace('"edit"', '"king"'))
  await t.throwsAsync(() => KeyFile.open(directory), { name: 'StartError', message: /keys\.json/ })
})

test('what cannot be written changes nothing', async (t) => {
  const directory = await scratch(t)
  const store = await KeyFile.open(directory)
  const key = sampleKey()
  await store.add(key)
  await rm(directory, { recursive: true })
  await t.throwsAsync(() => store.remove(key.id), { message: /cannot be changed/ })
  t.deepEqual(store.all(), [key])
})

test('a key of a newer program, which may allow less, stops the start and stays as it is', async (t) => {
  const directory = await scratch(t)
  const file = path.join(directory, 'keys.json')
  const text = JSON.stringify([{ ...sampleKey(), networks: ['10.0.0.0/8'] }])
  await writeFile(file, text)
  await t.throwsAsync(() => KeyFile.open(directory), {
    name: 'StartError',
    message: /start the version that wrote it/,
  })
  t.is(await readFile(file, 'utf8'), text)
})
