/** The import command as a process against a server: its exit codes, files, and how it goes on. */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { CHUNKS_IN_FLIGHT_MAX } from './import-run.ts'
import { scratchFolder, startCommand } from './testing/command-process.ts'
import { KEY, SmallServer } from './testing/small-server.ts'

interface Scene {
  readonly server: SmallServer
  readonly file: string
  readonly args: string[]
}

async function prepare(t: ExecutionContext, name: string, content: string): Promise<Scene> {
  const server = new SmallServer()
  const url = await server.listen()
  t.teardown(() => server.close())
  const file = join(await scratchFolder(t), name)
  await writeFile(file, content)
  return { server, file, args: [file, '--url', url, '--key', KEY] }
}

/** Links that are made anew each time they are sent: each has a title. */
function titledLinks(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => `https://example.com/${i},Title ${i}`)
  return `url,title\n${rows.join('\n')}\n`
}

test('a file of URLs becomes links, and leaves no files behind', async (t) => {
  const { server, file, args } = await prepare(
    t,
    'urls.txt',
    'https://a.example\nhttps://b.example\n',
  )
  const { exitCode, stderr } = await startCommand('import', args).ended
  t.is(exitCode, 0)
  t.regex(stderr, /2 links made, 0 were there, 0 failed/)
  t.is(server.links.length, 2)
  t.false(existsSync(`${file}.tinygrid-progress`))
  t.false(existsSync(`${file}.errors.csv`))
})

test('lines that fail are listed with number, code and reason, and the rest is made', async (t) => {
  const text = 'https://a.example\nno-url\n=cmd|x\nhttps://b.example one two\n'
  const { server, file, args } = await prepare(t, 'urls.txt', text)
  const { exitCode, stderr } = await startCommand('import', args).ended
  t.is(exitCode, 1)
  t.regex(stderr, /1 links made, 0 were there, 3 failed/)
  t.is(server.links.length, 1)
  t.is(
    await readFile(`${file}.errors.csv`, 'utf8'),
    'line,column,code,detail,url\n' +
      '2,1,invalid_field,no: invalid_field,no-url\n' +
      "3,1,invalid_field,no: invalid_field,'=cmd|x\n" +
      '4,23,invalid_field,More than a URL and a code on one line,\n',
  )
})

test('--output lists what was made, in the order of the input', async (t) => {
  const { file, args } = await prepare(t, 'urls.txt', 'https://a.example -x\nnonsense\n')
  await startCommand('import', [...args, '--output', `${file}.out.csv`]).ended
  t.is(
    await readFile(`${file}.out.csv`, 'utf8'),
    "url,shortUrl,code,status\nhttps://a.example,http://short/-x,'-x,201\nnonsense,,,400\n",
  )
})

test('standard input is read, its format told by its first line', async (t) => {
  const { server, args } = await prepare(t, 'unused.txt', '')
  const lines = '{"url":"https://a.example","code":"mine"}\n{"url":"x"}\n'
  const { exitCode, stderr } = await startCommand('import', ['-', ...args.slice(1)], lines).ended
  t.is(exitCode, 1)
  t.regex(stderr, /Line 2, column 2: no: invalid_field/)
  t.is(server.links[0]!.code, 'mine')
})

test('what a file has too much of is named by line and column, and the exit code says so', async (t) => {
  const text = 'code;url;maxVisits\r\na;https://a.example/;many\nb;https://b.example/;1;2\rc;x\n'
  const { server, file, args } = await prepare(t, 'links.csv', text)
  const { exitCode, stderr } = await startCommand('import', args).ended
  t.is(exitCode, 1, stderr)
  const rows = (await readFile(`${file}.errors.csv`, 'utf8')).split('\n').slice(1, 3)
  t.regex(rows[0]!, /^3,4,invalid_field,4 cells/)
  t.regex(rows[1]!, /^4,2,invalid_field/)
  t.is(server.links.length, 1)
})

test('nothing is sent of a file that cannot be read to its end', async (t) => {
  const text = `${titledLinks(5000)}https://last.example/,Gr\xfc\xdfe\n`
  const { server, file, args } = await prepare(t, 'links.csv', '')
  await writeFile(file, text, 'latin1')
  const refused = await startCommand('import', args).ended
  t.is(refused.exitCode, 2)
  t.regex(refused.stderr, /^Line 5002, column 25: byte 0xfc is not utf-8.*--encoding/)
  t.is(server.requests.length, 0)
  const read = await startCommand('import', [...args, '--encoding', 'latin1']).ended
  t.is(read.exitCode, 0, read.stderr)
  const last = server.links.find(({ url }) => url === 'https://last.example/')
  t.is(last?.title, 'Grüße')
})

test('a column that no link has is refused before anything is sent, or left out if that is wished', async (t) => {
  const { server, args } = await prepare(t, 'links.csv', 'url,colour\nhttps://a.example/,red\n')
  const refused = await startCommand('import', args).ended
  t.is(refused.exitCode, 2)
  t.regex(refused.stderr, /Line 1, column 2: no link has a "colour"/)
  t.is(server.requests.length, 0)
  const wished = await startCommand('import', [...args, '--ignore-columns', 'Colour']).ended
  t.is(wished.exitCode, 0, wished.stderr)
  t.is(server.links.length, 1)
})

test('a file without a header is read by --columns and --delimiter', async (t) => {
  const { server, args } = await prepare(t, 'links.txt', 'https://a.example/1,2;Eins\n')
  const wishes = ['--columns', 'url,title', '--delimiter', ';']
  const { exitCode, stderr } = await startCommand('import', [...args, ...wishes]).ended
  t.is(exitCode, 0, stderr)
  t.like(server.links[0]!, { url: 'https://a.example/1,2', title: 'Eins' })
})

test('a dry run reports what would be made, reused and refused, and sends nothing', async (t) => {
  const rows = [
    'https://a.example/,',
    'https://a.example/,',
    'ftp://x/,',
    'https://b.example/,admin',
  ]
  const text = `url,code\n${rows.join('\n')}\nx,y,z\nhttps://c.example/,ok\nhttps://d.example/,OK\n`
  const { server, args } = await prepare(t, 'links.csv', text)
  const { exitCode, stdout } = await startCommand('import', [...args, '--dry-run']).ended
  t.is(exitCode, 1)
  t.is(
    stdout,
    `7 links: 3 would be made, 1 are there twice and would be reused, 3 would be refused.

Codes that must change where case does not matter (TINYGRID_CODE_CASE) (1)
  Line 8: OK, as there is ok

Codes that must change: reserved (1)
  Line 5: "admin" --adapt-codes makes admin-1 of it

Refused: invalid_field (1)
  Line 6, column 3: 3 cells in a table of 2 columns: is it to be quoted?

Refused: invalid_field, url (1)
  Line 4, column 1: The URL must start with http:// or https://, not ftp:

Nothing was sent; what the server has already it was not asked.
`,
  )
  t.is(server.requests.length, 0)
})

test("another shortener's export moves in: its report first, then its links, with codes made to fit", async (t) => {
  const links = ['guide', 'a/b', 'admin'].map((address) => ({
    address,
    target: `https://example.com/${address}`,
    visit_count: 3,
    created_at: '2022-01-01T00:00:00.000Z',
  }))
  const { server, file, args } = await prepare(t, 'kutt.json', JSON.stringify({ data: links }))
  const report = (await startCommand('import', [...args, '--dry-run', '--show', '1']).ended).stdout
  t.regex(report, /^Read as an export of Kutt\.\n3 links: 1 would be made/)
  t.regex(report, /other characters \(1\)\n {2}Line 1: "a\/b" --adapt-codes makes a-b of it/)
  t.regex(report, /no place for it: visits \(3\)\n {2}Line 1, guide\n {2}and 2 more/)
  const wishes = ['--adapt-codes', '--output', `${file}.out.csv`]
  const { exitCode, stderr } = await startCommand('import', [...args, ...wishes]).ended
  t.is(exitCode, 0, stderr)
  t.regex(stderr, /Read as an export of Kutt\./)
  t.deepEqual(
    server.links.map(({ code }) => code),
    ['guide', 'a-b', 'admin-1'],
  )
  t.like(server.links[0], { createdAt: '2022-01-01T00:00:00.000Z' })
  t.regex(await readFile(`${file}.out.csv`, 'utf8'), /example.com\/a\/b,.*,a-b,201/)
})

test('an SQLite file is read by its name', async (t) => {
  const { server, file, args } = await prepare(t, 'urls.sqlite', '')
  await rm(file)
  const database = new DatabaseSync(file)
  database.exec(
    'CREATE TABLE urls (id INTEGER PRIMARY KEY, short_url TEXT, long_url TEXT, hits INTEGER);' +
      "INSERT INTO urls VALUES (1, 'a', 'https://a.example/', 0)",
  )
  database.close()
  const { exitCode, stderr } = await startCommand('import', args).ended
  t.is(exitCode, 0, stderr)
  // Lines of progress stand between, where it takes long.
  t.true(stderr.startsWith('Read as an export of Chhoto URL.\n'), stderr)
  t.true(stderr.endsWith('1 links made, 0 were there, 0 failed.\n'), stderr)
  t.like(server.links, [{ code: 'a', url: 'https://a.example/' }])
})

test('an import that is killed at any moment continues, and makes each link once', async (t) => {
  // Each killed run moves on by what it has in flight: the last one must not reach the end.
  const count = 8 * CHUNKS_IN_FLIGHT_MAX * 1_000
  const { server, file, args } = await prepare(t, 'links.csv', titledLinks(count))
  const withOutput = [...args, '--output', `${file}.out.csv`]
  for (const killAt of [1, 2, 4]) {
    const running = startCommand('import', withOutput)
    let seen = 0
    server.onRequest = () => {
      if (++seen === killAt) running.child.kill('SIGKILL')
    }
    t.is((await running.ended).exitCode, null)
    t.true(existsSync(`${file}.tinygrid-progress`))
  }
  server.onRequest = () => {}
  const { exitCode, stderr } = await startCommand('import', withOutput).ended
  t.is(exitCode, 0, stderr)
  t.regex(stderr, /Continuing after \d+ links/)
  t.is(new Set(server.links.map((link) => link.url)).size, count)
  t.is(server.links.length, count)
  const rows = (await readFile(`${file}.out.csv`, 'utf8')).trimEnd().split('\n').slice(1)
  t.deepEqual(
    rows.map((row) => row.split(',')[0]),
    Array.from({ length: count }, (_, i) => `https://example.com/${i}`),
  )
})

test('Ctrl-C lets the requests under way end, and the same command continues', async (t) => {
  const count = 20_000
  const { server, args } = await prepare(t, 'links.csv', titledLinks(count))
  const running = startCommand('import', args)
  server.onRequest = () => {
    running.child.kill('SIGINT')
    server.onRequest = () => {}
  }
  const { exitCode, stderr } = await running.ended
  t.is(exitCode, 130)
  t.regex(stderr, /Interrupted after \d+ links. The same command continues/)
  t.true(server.requests.length <= 2 * CHUNKS_IN_FLIGHT_MAX)
  t.is((await startCommand('import', args).ended).exitCode, 0)
  t.is(server.links.length, count)
})

test('a progress file of another input is refused, unless the import is to start afresh', async (t) => {
  const { server, file, args } = await prepare(t, 'links.csv', titledLinks(3000))
  const running = startCommand('import', args)
  server.onRequest = () => running.child.kill('SIGKILL')
  await running.ended
  server.onRequest = () => {}
  await writeFile(file, 'url\nhttps://another.example\n')
  const refused = await startCommand('import', args).ended
  t.is(refused.exitCode, 2)
  t.regex(refused.stderr, /belongs to another input/)
  t.is((await startCommand('import', [...args, '--restart']).ended).exitCode, 0)
})

test('a wrong key, a missing file and a wrong option stop with one sentence', async (t) => {
  const { args } = await prepare(t, 'urls.txt', 'https://a.example\n')
  const refused = await startCommand('import', [...args.slice(0, -1), 'wrong']).ended
  t.is(refused.exitCode, 3, 'the server refuses the key')
  t.is(refused.stderr.trim().split('\n').length, 1, refused.stderr)
  const wrong = [
    ['nowhere.txt', ...args.slice(1)],
    [...args, '--format', 'xml'],
    [...args, '--colour'],
    ['--url', 'ftp://x', args[0]!],
    [],
  ]
  for (const given of wrong) {
    const { exitCode, stderr } = await startCommand('import', given).ended
    t.is(exitCode, 2, stderr)
    t.is(stderr.trim().split('\n').length, 1, stderr)
  }
})

test('--help tells what there is', async (t) => {
  const { exitCode, stdout } = await startCommand('import', ['--help']).ended
  t.is(exitCode, 0)
  t.regex(stdout, /--progress FILE/)
})
