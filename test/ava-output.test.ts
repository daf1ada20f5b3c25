/** The output of AVA as it was printed, shortened. */
import test from 'ava'
import { countsOf, failuresByFile, passedIn } from './ava-output.ts'

const FILES = ['clicks/log/a-log.test.ts', 'clicks/log/a-log-tail.test.ts', 'config.test.ts']
const OUTPUT = `
  ✔ clicks › log › a-log › passes (1.2s)
  ✘ [fail]: clicks › log › a-log-tail › one › two Rejected promise returned by test
  ✘ [fail]: clicks › log › a-log-tail › one
  - [skip] clicks › log › a-log › is skipped
  ✔ config › ✘ [fail]: is a title
  ─

  clicks › log › a-log-tail › one

  Property failed after 1 tests


  clicks › log › a-log-tail › one › two

  clicks/log/a-log-tail.test.ts:12

  Error:
    no answer

  ─

  2 tests failed
  1 test skipped
`

test('tests are counted', (t) => {
  t.deepEqual(countsOf(OUTPUT, 1), { passed: 2, failed: 2, skipped: 1 })
  t.is(passedIn(OUTPUT, 'config.test.ts', FILES), 1)
  t.is(passedIn(OUTPUT, 'clicks/log/a-log-tail.test.ts', FILES), 0)
  t.deepEqual(countsOf('  ✔ a › b\n  ─\n\n  1 test passed\n', 0), {
    passed: 1,
    failed: 0,
    skipped: 0,
  })
})

test('a run that ended badly has a failed test, whatever it printed', (t) => {
  t.is(countsOf('', 1).failed, 1)
})

test('what is broken beside a failed test counts', (t) => {
  const early = '\n  ✘ config.test.ts exited with a non-zero exit code: 1\n'
  t.is(countsOf(`${early}${OUTPUT}`, 1).failed, 3)
  t.is(countsOf(`${OUTPUT}  1 uncaught exception\n  1 hook failed\n`, 1).failed, 4)
})

test('the file of a failed test is known by its title, and what was told of it is kept', (t) => {
  const failures = failuresByFile(OUTPUT, FILES)
  t.deepEqual([...failures.keys()], ['clicks/log/a-log-tail.test.ts'])
  const [first, second] = failures.get('clicks/log/a-log-tail.test.ts')!
  t.is(first!.title, 'clicks › log › a-log-tail › one › two')
  t.regex(first!.told, /no answer$/)
  t.is(second!.title, 'clicks › log › a-log-tail › one')
  t.regex(second!.told, /^ {2}clicks.*\n\n {2}Property failed after 1 tests$/)
  t.is(failuresByFile('', FILES).size, 0)
})

test('of one file AVA tells the titles alone', (t) => {
  const output = OUTPUT.replaceAll('clicks › log › a-log-tail › ', '')
  const failures = failuresByFile(output, ['clicks/log/a-log-tail.test.ts'])
  const [first, second] = failures.get('clicks/log/a-log-tail.test.ts')!
  t.regex(first!.told, /^ {2}one › two\n[^]*no answer$/)
  t.regex(second!.told, /^ {2}one\n\n {2}Property failed after 1 tests$/)
  t.is(passedIn(output, 'config.test.ts', ['config.test.ts']), 2)
})
