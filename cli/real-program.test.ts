/** The commands against the real program: round trip, its own key, and a server that is killed. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import test, { type ExecutionContext } from 'ava'
import { API_KEY, Program, temporaryDirectory } from '../test/program.ts'
import { startCommand } from './testing/command-process.ts'

async function start(t: ExecutionContext, env: Record<string, string> = {}, dataDir?: string) {
  const program = await Program.start({ dataDir: dataDir ?? temporaryDirectory(t), env })
  t.teardown(() => program.kill())
  return { program, args: ['--url', program.url, '--key', API_KEY] }
}

const LINKS = [
  { url: 'https://a.example/plain' },
  { url: 'https://b.example/?q="x",y', code: '-dash_', title: '=1+1', tags: ['a;b', '@c'] },
  { url: 'https://c.example/', title: "'=kept", tags: ['one', 'two words'] },
  { url: 'https://ü.example/ä?b=c d', expiresAt: '2040-01-01T00:00:00.000Z', maxVisits: 5 },
]

/** An exported file without the address of the server that wrote it. */
async function rowsOf(file: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = parse(await readFile(file, 'utf8'), { columns: true })
  for (const row of rows) row['shortUrl'] = ''
  return rows.toSorted((a, b) => a['code']!.localeCompare(b['code']!))
}

test('what one server exports another imports, and exports the same', async (t) => {
  const [first, second] = [await start(t), await start(t)]
  const folder = temporaryDirectory(t)
  const lines = LINKS.map((link) => JSON.stringify(link)).join('\n')
  const filled = await startCommand('import', ['-', ...first.args], lines).ended
  t.is(filled.exitCode, 0, filled.stderr)
  await first.program.api('/api/links/-dash_', { method: 'DELETE' })
  const [one, two] = [path.join(folder, 'one.csv'), path.join(folder, 'two.csv')]
  t.is((await startCommand('export', [one, ...first.args]).ended).exitCode, 0)
  const imported = await startCommand('import', [one, ...second.args]).ended
  t.is(imported.exitCode, 0, imported.stderr)
  t.is((await startCommand('export', [two, ...second.args]).ended).exitCode, 0)
  t.is((await rowsOf(one)).length, LINKS.length)
  t.deepEqual(await rowsOf(two), await rowsOf(one))
  t.is((await second.program.visit('-dash_')).status, 410)
  const again = await startCommand('import', [one, ...second.args]).ended
  t.regex(again.stderr, new RegExp(`0 links made, ${LINKS.length} were there, 0 failed`))
})

test("another shortener's export works here as it did there, and moves in once", async (t) => {
  const { program, args } = await start(t)
  const file = path.join(temporaryDirectory(t), 'shlink.json')
  const data = ['one', 'two'].map((shortCode, at) => ({
    shortCode,
    longUrl: `https://${shortCode}.example/`,
    dateCreated: '2024-05-01T10:00:00+02:00',
    visitsSummary: { total: 3 },
    tags: ['moved'],
    meta: { validUntil: null, maxVisits: at === 0 ? 4 : null },
    title: 'T',
    forwardQuery: true,
  }))
  await writeFile(file, JSON.stringify({ shortUrls: { data } }))
  const moved = await startCommand('import', [file, ...args]).ended
  t.is(moved.exitCode, 0, moved.stderr)
  const again = await startCommand('import', [file, ...args]).ended
  t.regex(again.stderr, /0 links made, 2 were there, 0 failed/)
  t.is((await program.visit('two')).headers.get('location'), 'https://two.example/')
  const link: unknown = await (await program.api('/api/links/one')).json()
  const expected = {
    createdAt: '2024-05-01T08:00:00.000Z',
    visits: 3,
    maxVisits: 4,
    tags: ['moved'],
  }
  t.like(link, expected)
  t.is((await program.visit('one')).status, 302)
  t.is((await program.visit('one')).status, 410)
})

test('a code longer than the server takes is listed with the reason', async (t) => {
  const { program, args } = await start(t, { TINYGRID_ALIAS_LENGTH_MAX: '4' })
  const file = path.join(temporaryDirectory(t), 'links.csv')
  await writeFile(file, 'url,code\nhttps://a.example/,short\nhttps://b.example/,ok\n')
  const { exitCode } = await startCommand('import', [file, ...args]).ended
  t.is(exitCode, 1)
  t.regex(await readFile(`${file}.errors.csv`, 'utf8'), /\n2,2,invalid_field,code .*4.*a\.example/)
  t.is((await program.visit('ok')).status, 302)
})

test('the key that the server made is found in its data directory', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await Program.start({ dataDir, ownKey: true })
  t.teardown(() => program.kill())
  const args = ['-', '--url', program.url]
  const env = { TINYGRID_DATA_DIR: path.join(dataDir, 'data') }
  const { exitCode, stderr } = await startCommand('import', args, 'https://a.example', env).ended
  t.is(exitCode, 0, stderr)
})

test('a server that is killed and started again gets each link of the import once', async (t) => {
  const count = 20_000
  const dataDir = temporaryDirectory(t)
  const { program, args } = await start(t, {}, dataDir)
  const file = path.join(temporaryDirectory(t), 'links.csv')
  const rows = Array.from({ length: count }, (_, i) => `https://example.com/${i},Title ${i}`)
  await writeFile(file, `url,title\n${rows.join('\n')}\n`)
  const importing = startCommand('import', [file, ...args])
  while (!(await hasBegun(file))) await sleep(5)
  await program.kill()
  await start(t, { PORT: new URL(program.url).port }, dataDir)
  const { exitCode, stderr } = await importing.ended
  t.is(exitCode, 0, stderr)
  t.regex(stderr, /Waiting/, 'the kill came too late to matter')
  const exported = `${file}.exported.csv`
  await startCommand('export', [exported, ...args]).ended
  const urls = (await rowsOf(exported)).map((row) => row['url'])
  t.is(urls.length, count)
  t.is(new Set(urls).size, count)
})

/** Whether an import has some of its links made, and most of them before it. */
async function hasBegun(file: string): Promise<boolean> {
  const saved = await readFile(`${file}.tinygrid-progress`, 'utf8').catch(() => '{"done":0}')
  return (JSON.parse(saved) as { done: number }).done > 0
}

test('keys are made, listed, changed and revoked by a command, and outlive a restart', async (t) => {
  const dataDir = temporaryDirectory(t)
  const { program, args } = await start(t, {}, dataDir)
  const wishes = ['make', 'Anna B', '--role', 'create', '--per-minute', '9', '--tags', 'a, b']
  const made = await startCommand('keys', [...wishes, ...args]).ended
  t.is(made.exitCode, 0, made.stderr)
  const key = made.stdout.trim()
  const shut = await startCommand('keys', ['list', ...args.slice(0, 2), '--key', key]).ended
  t.is(shut.exitCode, 3)
  t.regex(shut.stderr, /role admin/)
  await program.stop()
  const again = await start(t, {}, dataDir)
  const url = `${again.program.url}/api/links`
  t.is((await fetch(url, { headers: { 'x-api-key': key } })).status, 200)
  const listed = await startCommand('keys', ['list', ...again.args]).ended
  t.regex(listed.stdout, /^id .*\n[a-z0-9]{12} {2}Anna B {2}create {2}20.* {2}never {4}9 {9}a,b\n$/)
  const id = key.slice(3, 15)
  const changes = [
    '--domains',
    'default',
    '--tags',
    'none',
    '--per-minute',
    'none',
    '--name',
    'Eva',
  ]
  const change = await startCommand('keys', ['change', id, ...changes, ...again.args, '--json'])
    .ended
  t.like(JSON.parse(change.stdout), { name: 'Eva', tags: [], domains: ['default'], role: 'create' })
  t.like(JSON.parse(change.stdout), { requestsPerMinuteMax: null })
  const table = (await startCommand('keys', ['list', ...again.args]).ended).stdout
  t.regex(table, /Eva +create .* default\n$/)
  t.is((await startCommand('keys', ['revoke', id, ...again.args]).ended).exitCode, 0)
  t.is((await fetch(url, { headers: { 'x-api-key': key } })).status, 401)
  const twice = await startCommand('keys', ['revoke', id, ...again.args]).ended
  t.deepEqual([twice.exitCode, twice.stderr], [3, 'There is no such key\n'])
})
