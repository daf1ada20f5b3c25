import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../links/clock.ts'
import { HostFile, type HostFileOptions } from './host-file.ts'
import { hostsInLine } from './host-lines.ts'

async function world(t: ExecutionContext, text: string) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tinygrid-hosts-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const file = path.join(directory, 'blocked.txt')
  await writeFile(file, text)
  const told: string[] = []
  let wake: (() => void) | undefined
  const seen = { hosts: new Set<string>() as ReadonlySet<string>, lists: 0 }
  const options: HostFileOptions = {
    file,
    clock: systemClock,
    lookEveryMs: 5,
    onList: (hosts) => {
      Object.assign(seen, { hosts, lists: seen.lists + 1 })
      wake?.()
    },
    onBroken: (why) => {
      told.push(why)
      wake?.()
    },
  }
  /** As it should be written: beside it, then renamed. */
  const replace = async (next: string) => {
    const heard = new Promise<void>((resolve) => (wake = resolve))
    await writeFile(`${file}.new`, next)
    await rename(`${file}.new`, file)
    await heard
  }
  const open = async () => {
    const opened = await HostFile.open(options)
    t.teardown(() => opened.close())
    return opened
  }
  return { file, open, replace, seen, told, heard: () => new Promise<void>((r) => (wake = r)) }
}

test('a list has a host or a star in a line, comments, and lines of hosts files', async (t) => {
  const { open, seen } = await world(
    t,
    '\uFEFF# a comment\r\nBad.Example\r\n\n  *.worse.example  # and all below\n0.0.0.0 ads.example track.example\n' +
      '127.0.0.1\tlocalhost\n::1 ip6-localhost\n255.255.255.255 broadcasthost\n0.0.0.0 0.0.0.0\n192.0.2.7\nbücher.example.',
  )
  await open()
  t.deepEqual([...seen.hosts].sort(), [
    '*.worse.example',
    '192.0.2.7',
    'ads.example',
    'bad.example',
    'track.example',
    'xn--bcher-kva.example',
  ])
})

test('a line that names no host is none', (t) => {
  const lines = ['https://a.example/', 'a.example b.example', 'a.example:80', '10.0.0.1 a.example']
  for (const line of [...lines, '0.0.0.0 a/b', 'x'.repeat(5_000)])
    t.is(hostsInLine(line), undefined, line)
})

test('a changed file is taken, a broken one leaves the last good list and is told once', async (t) => {
  const { file, open, replace, seen, told, heard } = await world(t, 'one.example\n')
  const opened = await open()
  await replace('two.example\n')
  t.deepEqual([...seen.hosts], ['two.example'])
  await replace('three.example\nno host\n')
  t.deepEqual([...seen.hosts], ['two.example'])
  t.deepEqual(told, ['line 2 names no host: "no host"'])
  t.false(opened.isCurrent)
  t.is(opened.failures, 1)
  const gone = heard()
  await rm(file)
  await gone
  t.is(told.length, 2)
  t.regex(told[1]!, /ENOENT/)
  await replace('four.example\n')
  t.deepEqual([...seen.hosts], ['four.example'])
  t.true(opened.isCurrent)
  t.is(opened.failures, 2)
  t.is(seen.lists, 3)
})

test('a start without the file, or with one that is broken, is refused in one line', async (t) => {
  const { file, open, replace: _ } = await world(t, 'a.example:80\n')
  await t.throwsAsync(open(), { name: 'StartError', message: /blocked\.txt.*line 1 names no host/ })
  await rm(file)
  await t.throwsAsync(open(), { name: 'StartError', message: /blocked\.txt.*ENOENT/ })
})

test('a long list is read whole, over all its pieces', async (t) => {
  const hosts = Array.from({ length: 20_000 }, (_, at) => `host-${at}.example`)
  const { open, seen } = await world(t, hosts.join('\n'))
  await open()
  t.deepEqual([...seen.hosts], hosts)
})
