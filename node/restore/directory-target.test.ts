/** What a node's backup is restored to is equal to it, and nothing else is touched. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { readConfig } from '../../config.ts'
import { toEpochMs } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { BackupError, readBackup } from '../../persistence/backup/backup-reader.ts'
import { startEmbedded } from '../../test/embedded-node.ts'
import { BEGUN, life, live, type Time } from '../../test/link-lives.ts'
import { call } from '../../test/node.ts'
import { API_KEY, temporaryDirectory } from '../../test/program.ts'
import { runDataCommand } from '../data-commands.ts'
import type { Tinygrid } from '../tinygrid.ts'
import { DirectoryTarget } from './directory-target.ts'
import { checkBackup, writeBackup, type OpenBackup } from './restore-run.ts'

const AUDITED = { TINYGRID_AUDIT: 'true' }
const NOW = new Date('2031-02-03T04:05:06Z')
const HOOKS = '{"webhook.one":"{\\"url\\":\\"https://example.org/\\"}","report.two":"x"}'

async function backUp({ url }: Tinygrid): Promise<Buffer> {
  const response = await fetch(`${url}/api/backup`, { headers: { 'x-api-key': API_KEY } })
  return Buffer.from(await response.arrayBuffer())
}

function openerOf(bytes: Buffer): OpenBackup {
  return async function* () {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }
}

async function restore(bytes: Buffer, dataDir: string, movesAside = false) {
  const open = openerOf(bytes)
  const backup = await checkBackup(open)
  const options = { dataDir, backup, work: freeWork(), movesAside, now: () => NOW }
  const target = await DirectoryTarget.open(options)
  try {
    await writeBackup(open, target)
  } finally {
    await target.close()
  }
  return backup
}

async function linesOf(node: Tinygrid): Promise<string[]> {
  const response = await fetch(`${node.url}/api/export`, { headers: { 'x-api-key': API_KEY } })
  // Addresses of nodes differ by their ports.
  return (await response.text()).replaceAll(node.url!, '').trim().split('\n').sort()
}

/** What visitors get of every link; visits count, on both nodes alike. */
async function answersOf(node: Tinygrid, lines: readonly string[]) {
  const links = lines.map((line) => JSON.parse(line) as { code?: string })
  const answers: string[] = []
  for (const [index, { code = 'never-given' }] of links.entries()) {
    const { status, headers } = await call(node, `/${code}`)
    // Which of several targets is drawn.
    const isDrawn = lines[index]!.includes('"targets"')
    answers.push(`${code} ${status} ${isDrawn ? '' : headers.get('location')}`)
  }
  return answers
}

function place(t: ExecutionContext): string {
  return path.join(temporaryDirectory(t), 'data')
}

/** Blocked hosts, and who has changed what, which gets other ids. */
async function accessOf(node: Tinygrid): Promise<unknown[]> {
  const { entries } = (await call(node, '/api/audit?limit=500')).body as {
    entries: Record<string, unknown>[]
  }
  const hosts = (await call(node, '/api/blocked-hosts')).body
  return [hosts, ...entries.map(({ id: _id, ...entry }) => entry)]
}

async function isWhole(dataDir: string): Promise<boolean> {
  const config = readConfig({ TINYGRID_DATA_DIR: dataDir })
  return runDataCommand('verify', config, () => {})
}

test('whatever links have been through, the restored directory has them so, and goes on', async (t) => {
  const time: Time = { ms: BEGUN }
  const now = () => toEpochMs(time.ms)
  const firstDir = place(t)
  const first = await startEmbedded(t, firstDir, now, AUDITED)
  const hooks = path.join('clicks', 'hooks.json')
  mkdirSync(path.join(firstDir, 'clicks'))
  writeFileSync(path.join(firstDir, hooks), HOOKS)
  const key = { name: 'A tool', role: 'edit', tags: ['team'], requestsPerMinuteMax: 7 }
  await call(first, '/api/keys', { method: 'POST', json: key })
  const host = { note: 'Spam' }
  await call(first, '/api/blocked-hosts/evil.example', { method: 'PUT', json: host })
  let n = 0
  const property = fc.asyncProperty(
    fc.array(life, { minLength: 20, maxLength: 30 }),
    async (lives) => {
      await Promise.all(lives.map((one) => live(first, one, n++, time)))
      const lines = await linesOf(first)
      const bytes = await backUp(first)
      const dataDir = place(t)
      await restore(bytes, dataDir)
      t.true(await isWhole(dataDir))
      const second = await startEmbedded(t, dataDir, now, AUDITED)
      t.deepEqual(await linesOf(second), lines)
      const access = await accessOf(second)
      t.deepEqual(access, await accessOf(first))
      t.true(access.length > 20 && JSON.stringify(access[0]).includes('evil.example'))
      t.deepEqual(await answersOf(second, lines), await answersOf(first, lines))
      t.deepEqual(await linesOf(second), await linesOf(first))
      t.deepEqual((await call(second, '/api/keys')).body, (await call(first, '/api/keys')).body)
      t.deepEqual(JSON.parse(readFileSync(path.join(dataDir, hooks), 'utf8')), JSON.parse(HOOKS))
      // What is written from now on is newer than what was restored, also for the next start.
      const url = `https://example.org/after/${n}`
      const made = await call(second, '/api/links', { method: 'POST', json: { url } })
      t.is(made.status, 201)
      const after = await linesOf(second)
      await second.close()
      t.true(await isWhole(dataDir))
      const third = await startEmbedded(t, dataDir, now)
      t.deepEqual(await linesOf(third), after)
      await third.close()
    },
  )
  await fc.assert(property, { numRuns: 2, seed: 3, endOnFailure: true })
})

test('no key and no password is in it', async (t) => {
  const first = await startEmbedded(t, place(t), undefined, AUDITED)
  const key = { name: 'A tool', role: 'edit' }
  const made = await call(first, '/api/keys', { method: 'POST', json: key })
  const { key: secret } = made.body as { key: string }
  t.regex(secret, /.{16,}/)
  const link = { url: 'https://example.org/', code: 'one', password: 'open sesame' }
  t.is((await call(first, '/api/links', { method: 'POST', json: link })).status, 201)
  let text = ''
  for await (const block of readBackup(openerOf(await backUp(first))())) {
    text += 'content' in block ? block.content.toString('latin1') : JSON.stringify(block)
  }
  for (const hidden of [API_KEY, secret, 'sesame']) t.false(text.includes(hidden))
  for (const shown of ['A tool', 'https://example.org/', 'link.created']) {
    t.true(text.includes(shown), shown)
  }
})

test('while links are made, it has all that were acknowledged before it began', async (t) => {
  const first = await startEmbedded(t, place(t))
  const make = async (code: string) => {
    const json = { url: `https://example.org/${code}`, code }
    t.is((await call(first, '/api/links', { method: 'POST', json })).status, 201)
    return code
  }
  const before = await Promise.all(Array.from({ length: 50 }, (_, n) => make(`a${n}`)))
  const meanwhile = Promise.all(Array.from({ length: 200 }, (_, n) => make(`b${n}`)))
  const bytes = await backUp(first)
  const all = new Set([...before, ...(await meanwhile)])
  const dataDir = place(t)
  await restore(bytes, dataDir)
  const second = await startEmbedded(t, dataDir)
  const codes = (await linesOf(second)).flatMap((line) => {
    return (JSON.parse(line) as { code?: string }).code ?? []
  })
  t.true(codes.every((code) => all.has(code)))
  t.deepEqual(
    before.filter((code) => !codes.includes(code)),
    [],
  )
})

test('a directory that has data is left as it is, or moved aside as asked', async (t) => {
  const dataDir = place(t)
  const first = await startEmbedded(t, dataDir)
  await call(first, '/api/links', {
    method: 'POST',
    json: { url: 'https://example.org/', code: 'one' },
  })
  const bytes = await backUp(first)
  await t.throwsAsync(restore(bytes, dataDir), { message: /is in use by another process/ })
  await call(first, '/one', { method: 'DELETE' })
  await first.close()
  const names = readdirSync(dataDir).sort()
  await t.throwsAsync(restore(bytes, dataDir), { message: /holds data already.*--move-aside/ })
  t.deepEqual(readdirSync(dataDir).sort(), names)
  await restore(bytes, dataDir, true)
  t.true(readdirSync(dataDir).includes('removed-2031-02-03T04-05-06.000Z'))
  t.is((await call(await startEmbedded(t, dataDir), '/one')).status, 302)
})

test('a changed backup changes nothing, and one that was left amid its way is no data', async (t) => {
  const first = await startEmbedded(t, place(t))
  const json = { url: 'https://example.org/', code: 'one' }
  await call(first, '/api/links', { method: 'POST', json })
  const bytes = await backUp(first)
  const changed = Buffer.from(bytes)
  changed[Math.floor(bytes.length / 2)]! ^= 1
  const dataDir = place(t)
  await t.throwsAsync(restore(changed, dataDir), { instanceOf: BackupError })
  t.throws(() => readdirSync(dataDir))

  const backup = await checkBackup(openerOf(bytes))
  const options = { dataDir, backup, work: freeWork(), movesAside: false, now: () => NOW }
  const left = await DirectoryTarget.open(options)
  await left.write([linkVersion('half', 1)])
  await left.close()
  await t.throwsAsync(() => startEmbedded(t, dataDir), { message: /is not a data directory/ })
  await restore(bytes, dataDir)
  const second = await startEmbedded(t, dataDir)
  t.is((await call(second, '/one')).status, 302)
  t.is((await call(second, '/half')).status, 404)
})
