/** Which failures get a second run, over made-up sources. */
import test from 'ava'
import { filesToRunAgain, SECOND_RUNS_MAX } from './second-runs.ts'

const SOURCES: Record<string, string> = {
  'node/served.test.ts': "import test from 'ava'\nimport { start } from '../test/program.ts'",
  'test/program.ts': "import { spawn } from 'node:child_process'\nimport './pure.ts'",
  'test/pure.ts': "import { isIP } from 'node:net'\nimport { type Server } from 'node:http'",
  'links/pure.test.ts':
    "import {\n  a,\n} from '../test/pure.ts'\nimport type { P } from '../test/program.ts'",
  'links/listening.test.ts': "import { isIP, createServer } from 'node:net'",
}
const read = (file: string) => SOURCES[file]!
const listening = () => SOURCES['links/listening.test.ts']!
const failed = (file: string, told = 'Timed out') =>
  [file, [{ title: file, told }]] as [string, { title: string; told: string }[]]

test('a file that starts a process or a server is run again', (t) => {
  const failures = new Map([failed('node/served.test.ts'), failed('links/listening.test.ts')])
  t.deepEqual(filesToRunAgain(failures, read), [...failures.keys()])
})

test('a file that starts nothing is not', (t) => {
  t.deepEqual(filesToRunAgain(new Map([failed('links/pure.test.ts')]), read), [])
})

for (const told of [
  'Property failed after 3 tests\n{ seed: 1 }\nCounterexample: [0]',
  // An assertion within a property.
  'Value is not `true`:\n\n  › async AsyncProperty.run (file://node_modules/fast-check/lib/fast-check.js:1217:19)',
]) {
  test(`a counterexample is never excused: ${told.slice(0, 15)}`, (t) => {
    t.deepEqual(filesToRunAgain(new Map([failed('node/served.test.ts', told)]), read), [])
  })
}

test('many failed files are a broken build', (t) => {
  const many = Array.from({ length: SECOND_RUNS_MAX + 1 }, (_, index) => `test/${index}.test.ts`)
  t.deepEqual(filesToRunAgain(new Map(many.map((file) => failed(file))), listening), [])
  const few = many.slice(1)
  t.deepEqual(filesToRunAgain(new Map(few.map((file) => failed(file))), listening), few)
})

test('of the tests here, this one starts nothing, and those of the program do', (t) => {
  const failures = new Map(
    ['test/second-runs.test.ts', 'links/ip-address.test.ts', 'test/kill.test.ts'].map((file) =>
      failed(file),
    ),
  )
  t.deepEqual(filesToRunAgain(failures), ['test/kill.test.ts'])
})
