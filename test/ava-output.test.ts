/** The output of AVA as it was printed, shortened. */
import test from 'ava'
import { countsOf, failuresByFile } from './ava-output.ts'

const FILES = ['clicks/log/a-log.test.ts', 'clicks/log/a-log-tail.test.ts', 'config.test.ts']
const OUTPUT = `
  ✔ clicks › log › a-log › passes (1.2s)
  ✘ [fail]: clicks › log › a-log-tail › one › two Rejected promise returned by test
  - [skip] clicks › log › a-log › is skipped
  ✔ config › ✘ [fail]: is a title
  ─

  1 test failed
  1 test skipped
`

test('tests are counted', (t) => {
  t.deepEqual(countsOf(OUTPUT, 1), { passed: 2, failed: 1, skipped: 1 })
  t.deepEqual(countsOf('  ✔ a › b\n  ─\n\n  1 test passed\n', 0), {
    passed: 1,
    failed: 0,
    skipped: 0,
  })
})

test('a run that ended badly has a failed test, whatever it printed', (t) => {
  t.is(countsOf('', 1).failed, 1)
})

test('the file of a failed test is known by its title', (t) => {
  t.deepEqual([...failuresByFile(OUTPUT, FILES)], [['clicks/log/a-log-tail.test.ts', 1]])
  t.is(failuresByFile('', FILES).size, 0)
})
