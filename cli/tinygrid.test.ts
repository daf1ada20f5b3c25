/** `tinygrid` against the real program: its commands, its help, and how it refuses. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test from 'ava'
import { API_KEY, Program } from '../test/program.ts'
import { helpOf } from './api-command.ts'
import { audit } from './audit-command.ts'
import { BLOCKING_COMMANDS } from './blocking-commands.ts'
import { COMMANDS } from './command-table.ts'
import { EXIT_CODES } from './command-error.ts'
import { LINK_COMMANDS } from './link-commands.ts'
import { startCommand } from './testing/command-process.ts'
import { VIEW_COMMANDS } from './view-commands.ts'

let server: Program
let folder: string
let keyFile: string

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tinygrid-command-'))
  server = await Program.start({ dataDir: folder, env: { TINYGRID_AUDIT: 'true' } })
  keyFile = path.join(folder, 'key')
  await writeFile(keyFile, `${API_KEY}\n`)
})
test.after.always(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

function run(...args: readonly string[]) {
  const env = { TINYGRID_URL: server.url, TINYGRID_API_KEY_FILE: keyFile }
  return startCommand('tinygrid', args, '', env).ended
}

test('a link is made, listed, shown, changed, counted and deleted', async (t) => {
  const made = await run('shorten', 'https://example.org/long', '--code', 'first', '--tag', 'one')
  t.is(made.stdout, `${server.url}/first\n`, made.stderr)
  t.regex((await run('list', '--tag', 'one')).stdout, /^CODE +VISITS .*\nfirst .*org\/long/)
  t.regex((await run('tags')).stdout, /^LINKS {2}TAG\n[^]* +1 {2}one\n/)
  const edited = await run('edit', 'first', '--to', 'https://example.org/new', '--title', 'A title')
  t.is(edited.exitCode, 0, edited.stderr)
  t.regex((await run('show', 'first')).stdout, /^url +https:\/\/example.org\/new\ntitle +A title$/m)
  t.is((await server.visit('first')).headers.get('location'), 'https://example.org/new')
  t.regex((await run('nodes')).stdout, /^NODE .*\n\S+ +active +true/)
  t.is((await run('delete', 'first')).stdout, 'deleted  first\n')
  t.is((await server.visit('first')).status, 410)
})

test('who has changed what is told, and followed as it happens', async (t) => {
  await run('shorten', 'https://example.org/audited', '--code', 'audited')
  await run('edit', 'audited', '--title', 'New')
  const listed = await run('audit', '--code', 'audited')
  t.regex(listed.stdout, /^AT .*\n\S+ +settings +link\.changed +audited +title .*\n.*link\.created/)
  const [newest] = (await run('audit', '--code', 'audited', '--json')).stdout.split('\n')
  t.like(JSON.parse(newest!), { action: 'link.changed', before: { title: null } })
  const env = { TINYGRID_URL: server.url, TINYGRID_API_KEY_FILE: keyFile }
  const following = ['audit', '--follow', '--after', '0', '--code', 'audited', '--json']
  const { child, ended } = startCommand('tinygrid', following, '', env)
  const actions: unknown[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    actions.push((JSON.parse(line) as { action: unknown }).action)
    if (actions.length === 2) child.kill('SIGINT')
  }
  t.deepEqual(actions, ['link.created', 'link.changed'])
  t.like(await ended, { stderr: '', exitCode: EXIT_CODES.interrupted })
})

test('a host is blocked, told of, and free again', async (t) => {
  await run('shorten', 'https://bad.example/x', '--code', 'led-away')
  const made = await run('block', 'BAD.example', '*.bad.example', '--note', 'phishing')
  t.is(made.stdout, 'blocked  bad.example\nblocked  *.bad.example\n', made.stderr)
  t.is((await server.visit('led-away')).status, 403)
  t.regex((await run('blocked')).stdout, /^HOST .*\n[^]*^bad.example +20\S+ +phishing$/m)
  t.regex((await run('blocked', 'a.bad.example')).stdout, /^blocked +true\nby +\*\.bad\.example/)
  const refused = await run('shorten', 'https://bad.example/y')
  t.is(refused.exitCode, EXIT_CODES.refused)
  t.regex(refused.stderr, /target_blocked/)
  t.is((await run('block', 'bad.example', '--remove')).stdout, 'unblocked  bad.example\n')
  t.is((await server.visit('led-away')).status, 302)
})

test('--json gives what the server said, and what it refused', async (t) => {
  const urls = ['https://example.org/1', 'https://example.org/2', 'https://example.org/3']
  const made = await run('shorten', ...urls, '--tag', 'json', '--json')
  t.is(made.stdout.trim().split('\n').length, urls.length)
  const listed = await run('list', '--tag', 'json', '--limit', '2', '--json')
  const links = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { url: string })
  t.is(links.length, 2)
  const absent = await run('show', 'absent', '--json')
  t.is(absent.exitCode, EXIT_CODES.refused)
  t.is((JSON.parse(absent.stderr) as { code: string }).code, 'link_not_found')
})

test('a title cannot turn the text of the terminal around', async (t) => {
  const title = 'red \u202Egpj.exe'
  const made = await run('shorten', 'https://example.org/red', '--title', title, '--tag', 'red')
  t.is(made.exitCode, EXIT_CODES.done, made.stderr)
  const shown = await run('list', '--tag', 'red')
  t.false(/\u202E/.test(shown.stdout))
  t.true(shown.stdout.includes('\\u{202e}gpj.exe'), shown.stdout)
})

test('what is misspelt is refused with the nearest name', async (t) => {
  const command = await run('shrten', 'https://example.org')
  t.is(command.exitCode, EXIT_CODES.stopped)
  t.regex(command.stderr, /"shrten" is not a command; did you mean shorten\?/)
  const flag = await run('list', '--serch', 'x')
  t.is(flag.exitCode, EXIT_CODES.stopped)
  t.regex(flag.stderr, /--serch is not an option; did you mean --search\?/)
  const older = await run('export', 'f.csv', '--fromat', 'csv')
  t.regex(older.stderr, /--fromat is not an option; did you mean --format\?/)
})

test('a wrong key, no server, and another server are told apart', async (t) => {
  const wrong = await run('list', '--key', 'not-the-key-at-all')
  t.is(wrong.exitCode, EXIT_CODES.refused)
  t.regex(wrong.stderr, /unauthorized.*give the key/)
  const nobody = await run('list', '--url', 'http://127.0.0.1:9')
  t.is(nobody.exitCode, EXIT_CODES.stopped)
  t.regex(nobody.stderr, /127\.0\.0\.1:9 does not answer/)
})

test('who reads no more ends the command without a stack', async (t) => {
  // More than a pipe holds, so that the command writes after its reader has gone.
  const long = 'x'.repeat(1_000)
  const links = Array.from({ length: 200 }, (_, i) => ({ url: `https://example.org/${i}/${long}` }))
  await server.api('/api/links/bulk', { method: 'POST', json: { links } })
  const script = `"$1" "$2" list --all --json | true; echo "exit code \${PIPESTATUS[0]}"`
  const tinygrid = path.join(import.meta.dirname, 'tinygrid.ts')
  const env = { PATH: process.env['PATH'], TINYGRID_URL: server.url, TINYGRID_API_KEY: API_KEY }
  const args = ['--norc', '-c', script, 'bash', process.execPath, tinygrid]
  const ended = await promisify(execFile)('bash', args, { env })
  t.deepEqual(ended, { stdout: `exit code ${EXIT_CODES.unread}\n`, stderr: '' })
})

test('every command helps with a usage and examples', async (t) => {
  const known = [...LINK_COMMANDS, ...VIEW_COMMANDS, ...BLOCKING_COMMANDS, audit]
  const questions = new Set(known.map(({ name }) => name))
  for (const command of known) {
    const help = helpOf(command)
    t.true(help.startsWith(`Usage: tinygrid ${command.name} `), help)
    t.regex(help, /\nExamples\n {2}tinygrid /)
  }
  const others = COMMANDS.map(({ name }) => name).filter((name) => !questions.has(name))
  await Promise.all(
    [...others, 'completions'].map(async (name) => {
      const { exitCode, stdout } = await run(name, '--help')
      t.is(exitCode, EXIT_CODES.done, name)
      t.regex(stdout, /Usage: [^]*\nExamples\n {2}.*tinygrid /, name)
    }),
  )
})

test('commands find the server, its key and its data by the file of settings', async (t) => {
  const file = path.join(folder, 'settings.toml')
  const config = { TINYGRID_CONFIG: file }
  const { port } = new URL(server.url)
  await writeFile(file, `port = ${port}\napiKeyFile = ${JSON.stringify(keyFile)}\n`)
  const tags = await startCommand('tinygrid', ['tags', '--json'], '', config).ended
  t.is(tags.exitCode, EXIT_CODES.done, tags.stderr)
  await writeFile(file, 'port = 1\ndataDri = "x"\n')
  for (const args of [['tags'], ['restore', 'nowhere.tgb']]) {
    const wrong = await startCommand('tinygrid', args, '', config).ended
    t.is(wrong.exitCode, EXIT_CODES.stopped)
    t.regex(wrong.stderr, /settings\.toml:2: dataDri is not a setting.*did you mean dataDir\?/)
  }
})

test('the doctor finds nothing wrong with a server that runs, and names what is', async (t) => {
  const { port } = new URL(server.url)
  const place = ['--port', port, '--data-dir', path.join(folder, 'data'), '--memory-max', '64MB']
  const options = [...place, '--connections-max', '100', '--json']
  const well = await run('doctor', ...options)
  t.is(well.exitCode, EXIT_CODES.done, well.stdout + well.stderr)
  const { isRight, findings } = JSON.parse(well.stdout) as {
    isRight: boolean
    findings: { check: string; found: string }[]
  }
  t.true(isRight)
  t.regex(findings.find(({ check }) => check === 'port')!.found, /^a Tinygrid runs on/)
  const ill = await run('doctor', ...place, '--code-length', '99')
  t.is(ill.exitCode, EXIT_CODES.someFailed)
  t.regex(ill.stdout, /^wrong +settings +--code-length is "99".*\n +-> correct it/)
  t.regex(ill.stdout, /^[1-9]\d* wrong, \d+ warnings\n$/m)
})

test('serve --json says in one line where it listens, and how to sign in', async (t) => {
  const place = [
    '--port',
    '0',
    '--data-dir',
    path.join(folder, 'served'),
    '--roles',
    'gateway,actors',
  ]
  const { child, ended } = startCommand('tinygrid', [
    'serve',
    '--json',
    '--config',
    'none',
    ...place,
  ])
  t.teardown(() => child.kill('SIGKILL'))
  const [first] = (await once(child.stdout!, 'data')) as [string | Buffer]
  const told = JSON.parse(String(first)) as { nodeId: string; url: string; signInUrl: string }
  t.true(told.signInUrl.startsWith(`${told.url}/#key=`))
  const key = told.signInUrl.split('=')[1]!
  const listed = await fetch(`${told.url}/api/links`, { headers: { 'x-api-key': key } })
  t.is(listed.status, 200)
  const { nodes } = (await (
    await fetch(`${told.url}/api/cluster`, { headers: { 'x-api-key': key } })
  ).json()) as { nodes: { id: string }[] }
  t.is(nodes[0]!.id, told.nodeId)
  child.kill('SIGTERM')
  const { exitCode, stdout } = await ended
  t.is(exitCode, EXIT_CODES.done)
  t.is(stdout, `${JSON.stringify(told)}\n`)
})

test('shells read the completions, and bash completes with them', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exitCode, stdout } = await run('completions', shell)
    t.is(exitCode, EXIT_CODES.done)
    for (const { name } of COMMANDS) t.true(stdout.includes(name), `${shell} lacks ${name}`)
  }
  const { stdout } = await run('completions', 'bash')
  const complete = `${stdout}
    COMP_WORDS=(tinygrid sh); COMP_CWORD=1; _tinygrid tinygrid sh tinygrid; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tinygrid list --se); COMP_CWORD=2; _tinygrid tinygrid --se list; echo "\${COMPREPLY[@]}"`
  const completed = await promisify(execFile)('bash', ['--norc', '-c', complete])
  t.is(completed.stdout, 'shorten show\n--search\n')
})

test('the documents have every command and every exit code', async (t) => {
  const text = await readFile(path.join(import.meta.dirname, '../docs/commands.md'), 'utf8')
  for (const { name } of COMMANDS) t.true(text.includes(`\`${name}\``), name)
  const told = Array.from(text.matchAll(/^\| (\d+) /gm), ([, code]) => Number(code))
  t.deepEqual(told, Object.values(EXIT_CODES))
})
