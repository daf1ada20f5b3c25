/** What a file that is to hold a secret may be. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { CLUSTER_SETTINGS } from './cluster-settings.ts'
import { withSecretFiles } from './secret-files.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-secrets-'))
test.after.always(() => rmSync(directory, { recursive: true, force: true }))
const at = (name: string) => path.join(directory, name)
const read = (file: string) =>
  withSecretFiles(Object.values(CLUSTER_SETTINGS), { NATS_URL_FILE: file })['NATS_URL']

test('a symlink to a regular file is one, as Kubernetes makes them', (t) => {
  writeFileSync(at('secret'), 'nats://nats:4222\n')
  symlinkSync(at('secret'), at('link'))
  t.is(read(at('link')), 'nats://nats:4222')
})

test('a pipe that nobody writes to is refused at once, and a device too', (t) => {
  execFileSync('mkfifo', [at('pipe')])
  t.throws(() => read(at('pipe')), { message: /pipe", which is no regular file$/ })
  t.throws(() => read('/dev/zero'), { message: /which is no regular file$/ })
})

test('an empty file and one that is too long are refused', (t) => {
  writeFileSync(at('empty'), '\n')
  writeFileSync(at('long'), 'x'.repeat(65_537))
  t.throws(() => read(at('empty')), { message: /which is empty$/ })
  t.throws(() => read(at('long')), { message: /which has more than 65536 bytes$/ })
})
