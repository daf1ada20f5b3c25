import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { loadedBy } from './imports.ts'

/*
 * What the other tools cannot check: headers, lengths, stray marks, unclaimed invariants, documents.
 */

const ROOT = path.resolve(import.meta.dirname, '..')
const LINES_MAX = 300
/** Longest median of source files in lines: files should hold one concept. */
const MEDIAN_LINES_MAX = 130

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
const files = tracked.split('\n').filter((file) => file !== '' && exists(file))
const code = files.filter((file) => /\.tsx?$/.test(file))
const sources = code.filter((file) => !/\.test\.tsx?$/.test(file))
const documents = files.filter((file) => file.endsWith('.md'))

function exists(file: string): boolean {
  try {
    readFileSync(path.join(ROOT, file))
    return true
  } catch {
    return false
  }
}

/** Words spelt with a dot, so that this file does not find itself. */
const joined = (words: readonly string[]) => words.join('|').replaceAll('.', '')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const linesOf = (file: string) => read(file).split('\n').length - 1

test('every source file opens by saying what it is', (t) => {
  const bare = sources.filter((file) => !/^(#!.*\n)?\/\*\*\s/.test(read(file)))
  t.deepEqual(bare, [])
})

test(`no file is longer than ${LINES_MAX} lines`, (t) => {
  t.deepEqual(
    code.filter((file) => linesOf(file) > LINES_MAX),
    [],
  )
})

test(`half of the source files have at most ${MEDIAN_LINES_MAX} lines`, (t) => {
  const lengths = sources.map(linesOf).sort((a, b) => a - b)
  const median = lengths[Math.floor(lengths.length / 2)]!
  t.true(median <= MEDIAN_LINES_MAX, `the median is ${median}`)
})

test('files are named by a noun in kebab-case, and none is a drawer for odds and ends', (t) => {
  const names = code.map((file) => path.basename(file).replace(/(\.[a-z]+)+$/, ''))
  const badly = names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
  const drawers = names.filter((name) => /^(utils?|helpers?|types|common|misc|index)$/.test(name))
  t.deepEqual([...badly, ...drawers], [])
})

test('a process alone loads no driver of a server: that is a third of its start', (t) => {
  const drivers = /^import (?!type )[^']*'(mongodb|moleculer|nats|ioredis)'/mu
  const loading = loadedBy('node/program.ts', read).filter(({ source }) => drivers.test(source))
  t.deepEqual(
    [...loading].map(({ file }) => file),
    [],
  )
  const inCluster = loadedBy('node/cluster-adapters.ts', read)
  t.true(inCluster.some(({ source }) => drivers.test(source)))
})

test('no mark is left in the code', (t) => {
  const words = ['TO.DO', 'FIX.ME', 'XX.X', '@ts-.ignore', 'lint-.disable']
  const marks = new RegExp(joined(words))
  t.deepEqual(
    code.filter((file) => marks.test(read(file))),
    [],
  )
})

test('no test is switched off or runs alone', (t) => {
  const tests = code.filter((file) => file.endsWith('.test.ts'))
  const marks = new RegExp(`test\\.(${joined(['on.ly', 'fail.ing', 'sk.ip'])})\\('`)
  t.deepEqual(
    tests.filter((file) => marks.test(read(file))),
    [],
  )
})

test('each invariant in the architecture names a test that exists', (t) => {
  const section =
    read('ARCHITECTURE.md')
      .split(/^## Invariants$/m)[1]
      ?.split(/^## /m)[0] ?? ''
  const rows = section.split('\n').filter((line) => /^\|\s*\d+\s*\|/.test(line))
  t.true(rows.length >= 10, 'the table of invariants is missing')
  for (const row of rows) {
    const named = Array.from(row.matchAll(/`([\w/.-]+\.test\.ts)`/g), (match) => match[1]!)
    t.true(named.length > 0, `no test is named: ${row}`)
    for (const file of named) t.true(files.includes(file), `${file} does not exist: ${row}`)
  }
})

test('each document has one title, and its links inside the repository lead somewhere', (t) => {
  for (const file of documents) {
    const text = read(file).replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '')
    t.is(text.match(/^# /gm)?.length, 1, `${file} has not one title`)
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const linked = path.join(path.dirname(file), target!)
      const leads = files.some((known) => known === linked || known.startsWith(`${linked}/`))
      t.true(leads, `${file} links to ${target}`)
    }
  }
})

test('the repository speaks of the product alone', (t) => {
  const words = new RegExp(joined(['/ro.ot/', '/wo.rk/', '/ho.me/[a-z]']))
  const text = files.filter((file) => /\.(tsx?|md|json|css|html|sh)$|^\.ci\//.test(file))
  const speaking = text.filter((file) => file !== 'package-lock.json' && words.test(read(file)))
  t.deepEqual(speaking, [])
})
