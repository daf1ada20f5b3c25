/** Whether case matters in codes is fixed when a directory is made. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DataDirectory, DataDirectoryError } from './data-directory.ts'

const SENSITIVE = { partitions: 16 }
const INSENSITIVE = { partitions: 16, codeCase: 'insensitive' } as const

async function made(t: ExecutionContext, options: typeof SENSITIVE) {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await (await DataDirectory.open(root, options)).close()
  const format = async () =>
    JSON.parse(await readFile(path.join(root, 'format.json'), 'utf8')) as object
  return { root, format }
}

test('a directory in which case matters is written as before, and opened in no other way', async (t) => {
  const { root, format } = await made(t, SENSITIVE)
  const before = await format()
  t.like(before, { format: 2 })
  t.false('codeCase' in before)
  await t.throwsAsync(DataDirectory.open(root, INSENSITIVE), {
    instanceOf: DataDirectoryError,
    message: /case-sensitive, not insensitive; set TINYGRID_CODE_CASE to sensitive, or export/,
  })
  t.deepEqual(await format(), before)
  await (await DataDirectory.open(root, { ...SENSITIVE, codeCase: 'sensitive' })).close()
})

test('one in which it does not is refused by programs that know nothing of it', async (t) => {
  const { root, format } = await made(t, INSENSITIVE)
  // The version before knows up to 2.
  t.like(await format(), { format: 3, codeCase: 'insensitive' })
  await t.throwsAsync(DataDirectory.open(root, SENSITIVE), {
    message: /case-insensitive, not sensitive; set TINYGRID_CODE_CASE to insensitive/,
  })
  await (await DataDirectory.open(root, INSENSITIVE)).close()
})
