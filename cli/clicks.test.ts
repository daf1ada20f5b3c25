/** The clicks command as a process: what it writes, where it goes on, and what it says. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type ExecutionContext } from 'ava'
import { EventServer } from './testing/event-server.ts'
import { KEY } from './testing/small-server.ts'
import { scratchFolder, startCommand, type RunningCommand } from './testing/command-process.ts'

async function start(t: ExecutionContext) {
  const server = new EventServer()
  const url = await server.listen()
  t.teardown(() => server.close())
  const position = join(await scratchFolder(t), 'clicks.position')
  const args = ['--follow', '--url', url, '--key', KEY, '--position', position]
  return { server, url, position, args }
}

/** The next lines; the command is stopped with them, and has ended. */
async function linesOf({ child, ended }: RunningCommand, count: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    if (lines.length === count) child.kill('SIGINT')
  }
  await ended
  return lines
}

function idsOf(lines: readonly string[]): string[] {
  return lines.map((line) => (JSON.parse(line) as { id: string }).id)
}

test('what happened comes as lines, and the next command goes on behind them', async (t) => {
  const { server, args, position, url } = await start(t)
  server.events = 3
  const first = startCommand('clicks', [...args, '--from-start'])
  const lines = await linesOf(first, 3)
  t.deepEqual(JSON.parse(lines[0]!), { id: '1-0', event: 'click', code: 'c1' })
  t.deepEqual(idsOf(lines), ['1-0', '2-0', '3-0'])
  t.is((await first.ended).exitCode, 130)
  t.like(JSON.parse(await readFile(position, 'utf8')), { server: url })
  server.events = 5
  t.deepEqual(idsOf(await linesOf(startCommand('clicks', args), 2)), ['4-0', '5-0'])
  t.is(server.asked[0], 'after=0')
  t.regex(server.asked.at(-1)!, /^after=3/)
})

test('a connection that is cut, and a server that is away, leave no gap', async (t) => {
  const { server, args } = await start(t)
  server.events = 7
  server.cutAfter = 3
  server.statuses.push(503, 503)
  const command = startCommand('clicks', [...args, '--from-start'])
  const ids = idsOf(await linesOf(command, 7))
  t.deepEqual(ids, ['1-0', '2-0', '3-0', '4-0', '5-0', '6-0', '7-0'])
  t.regex((await command.ended).stderr, /is away \(status 503\); asking again/)
})

test('after a kill nothing is missing', async (t) => {
  const { server, args } = await start(t)
  server.events = 2_000
  const command = startCommand('clicks', [...args, '--from-start'])
  const seen: string[] = []
  for await (const line of createInterface({ input: command.child.stdout! })) {
    seen.push(line)
    if (seen.length === 700) command.child.kill('SIGKILL')
  }
  const ids = new Set(idsOf(seen.filter((line) => line.endsWith('}'))))
  const next = startCommand('clicks', [...args, '--from-start'])
  for await (const line of createInterface({ input: next.child.stdout! })) {
    const [id] = idsOf([line])
    ids.add(id!)
    if (id === '2000-0') next.child.kill('SIGINT')
  }
  t.is(ids.size, 2_000)
})

test('what the log no longer has is said', async (t) => {
  const { server, args } = await start(t)
  server.events = 5
  server.first = 4
  const command = startCommand('clicks', [...args, '--from-start'])
  t.deepEqual(idsOf(await linesOf(command, 2)), ['4-0', '5-0'])
  t.regex((await command.ended).stderr, /no longer had what came next/)
})

test('filters are passed on, and without a position it begins with now', async (t) => {
  const { server, url } = await start(t)
  const filters = ['--event', 'click', '--bots', 'exclude', '--code', 'a', '--code', 'b']
  const { child, ended } = startCommand('clicks', [
    '--follow',
    '--url',
    url,
    '--key',
    KEY,
    ...filters,
  ])
  while (server.asked.length === 0) await new Promise(setImmediate)
  t.is(server.asked[0], 'event=click&bots=exclude&code=a&code=b')
  child.kill('SIGINT')
  t.is((await ended).exitCode, 130)
})

test('what can never go on ends at once, with a sentence', async (t) => {
  const { server, args, url, position } = await start(t)
  const wrongKey = await startCommand('clicks', ['--follow', '--url', url, '--key', 'wrong']).ended
  t.is(wrongKey.exitCode, 3)
  t.regex(wrongKey.stderr, /does not accept the API key/)
  server.statuses.push(400)
  t.regex((await startCommand('clicks', args).ended).stderr, /does not understand/)
  t.false(existsSync(position))
  await writeFile(position, '{"format":1,"server":"http://elsewhere","id":"5-0"}')
  t.regex((await startCommand('clicks', args).ended).stderr, /belongs to http:\/\/elsewhere/)
  await writeFile(position, 'junk')
  t.regex((await startCommand('clicks', args).ended).stderr, /cannot be understood/)
  t.regex((await startCommand('clicks', []).ended).stderr, /Give --follow/)
  t.regex((await startCommand('clicks', ['--help']).ended).stdout, /--from-start/)
})

test('a reader that goes ends it', async (t) => {
  const { server, args } = await start(t)
  server.events = 20_000
  const { child, ended } = startCommand('clicks', [...args, '--from-start'])
  ended.catch(() => {}) // Not all of its output is read.
  child.stdout!.once('data', () => child.stdout!.destroy())
  await once(child, 'exit')
  t.is(child.exitCode, 2)
})
