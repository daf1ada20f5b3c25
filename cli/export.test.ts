/** The export command as a process: what it writes, and that the import reads it back. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { scratchFolder, startCommand } from './testing/command-process.ts'
import type { LinkInput } from './link-input.ts'
import { KEY, SmallServer } from './testing/small-server.ts'

const NASTY: readonly LinkInput[] = [
  { url: 'https://a.example/', code: '-dash', title: '=1+1', tags: ['a;b', '@c'] },
  {
    url: 'https://b.example/?q="x",y',
    code: "plain'",
    title: "'=kept",
    tags: ['one', 'two words'],
  },
  { url: 'https://c.example/', code: 'c', expiresAt: '2040-01-01T00:00:00.000Z', maxVisits: 5 },
  {
    url: 'https://d.example/',
    code: 'past',
    createdAt: '2020-01-01T00:00:00.000Z',
    updatedAt: '2020-01-02T00:00:00.000Z',
    expiresAt: '2020-01-03T00:00:00.000Z',
    maxVisits: 5,
    visits: 5,
    state: 'deleted',
  },
]

async function startServer(t: ExecutionContext): Promise<{ server: SmallServer; args: string[] }> {
  const server = new SmallServer()
  const url = await server.listen()
  t.teardown(() => server.close())
  return { server, args: ['--url', url, '--key', KEY] }
}

async function importLines(args: readonly string[], links: readonly LinkInput[]): Promise<void> {
  const lines = links.map((link) => JSON.stringify(link)).join('\n')
  await startCommand('import', ['-', ...args], lines).ended
}

function linksOf(server: SmallServer) {
  return server.links.toSorted((a, b) => a.code.localeCompare(b.code))
}

for (const format of ['csv', 'ndjson']) {
  test(`${format}: what one server exports, another imports as it was`, async (t) => {
    const first = await startServer(t)
    const second = await startServer(t)
    await importLines(first.args, NASTY)
    const file = join(await scratchFolder(t), `links.${format}`)
    const exported = await startCommand('export', [file, ...first.args]).ended
    t.is(exported.exitCode, 0, exported.stderr)
    t.regex(exported.stderr, /4 links exported/)
    const imported = await startCommand('import', [file, ...second.args]).ended
    t.is(imported.exitCode, 0, imported.stderr)
    t.deepEqual(linksOf(second.server), linksOf(first.server))
    t.is(first.server.links.length, NASTY.length)
  })
}

test('everything is exported to standard output', async (t) => {
  const { args } = await startServer(t)
  const links = Array.from({ length: 2500 }, (_, i) => ({ url: `https://example.com/${i}` }))
  await importLines(args, links)
  const { exitCode, stdout } = await startCommand('export', ['-', ...args]).ended
  t.is(exitCode, 0)
  const rows = stdout.trimEnd().split('\n')
  t.is(
    rows[0],
    'url,code,title,tags,expiresAt,maxVisits,visits,createdAt,updatedAt,isAlias,validFrom,redirectStatus,expiredUrl,forwardQuery,passwordHash,rules,domain,shortUrl,state',
  )
  t.is(rows.length, 2501)
})

test('cells that a spreadsheet would run are written as text', async (t) => {
  const { args } = await startServer(t)
  await importLines(args, NASTY)
  const { stdout } = await startCommand('export', ['-', ...args]).ended
  t.regex(stdout, /,'-dash,'=1\+1,/)
})

test('an export that fails leaves no half a file', async (t) => {
  const { args } = await startServer(t)
  const file = join(await scratchFolder(t), 'links.csv')
  const { exitCode } = await startCommand('export', [file, ...args.slice(0, -1), 'wrong']).ended
  t.is(exitCode, 3)
  t.false(existsSync(file))
  t.false(existsSync(`${file}.part`))
})

test('--json tells how an export and an import ended', async (t) => {
  const { args } = await startServer(t)
  const folder = await scratchFolder(t)
  const urls = join(folder, 'urls.txt')
  await writeFile(urls, 'https://a.example/\nhttps://b.example/ b\nno address\n')
  const dry = await startCommand('import', [urls, ...args, '--dry-run', '--json']).ended
  t.like(JSON.parse(dry.stdout), { made: 2, reused: 0, refused: 1, source: null })
  const imported = await startCommand('import', [urls, ...args, '--json']).ended
  const ended = { made: 2, reused: 0, failed: 1, errorsFile: `${urls}.errors.csv` }
  t.deepEqual(JSON.parse(imported.stdout), ended)
  const file = join(folder, 'links.csv')
  const exported = await startCommand('export', [file, ...args, '--json']).ended
  t.deepEqual(JSON.parse(exported.stdout), { links: 2, damaged: [] })
  t.is((await startCommand('export', ['-', ...args, '--json']).ended).exitCode, 2)
})

test('an export that has no end is not taken for a whole one', async (t) => {
  const { server, args } = await startServer(t)
  await importLines(args, NASTY)
  server.faults.push('lose-answer')
  const file = join(await scratchFolder(t), 'links.csv')
  const { exitCode, stderr } = await startCommand('export', [file, ...args]).ended
  t.is(exitCode, 2)
  t.regex(stderr, /cut off/)
  t.false(existsSync(file))
})

test('links that the store has damaged are named, and the exit code says so', async (t) => {
  const { server, args } = await startServer(t)
  server.damaged.push('abc', 'def')
  const { exitCode, stderr } = await startCommand('export', ['-', ...args]).ended
  t.is(exitCode, 1)
  t.regex(stderr, /left out: abc, def/)
})

test('--help tells what there is, and an unknown format is refused', async (t) => {
  t.regex((await startCommand('export', ['--help']).ended).stdout, /in no order/)
  t.is((await startCommand('export', ['x', '--format', 'xml']).ended).exitCode, 2)
  t.false(existsSync('x'))
})
