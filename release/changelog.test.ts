import test from 'ava'
import { releaseChangelog, releaseNotes } from './changelog.ts'

const FIRST = `# Changelog

Words.

## [Unreleased]

### Added

- One thing,
  on two lines.

### Fixed

- Another.
`
const SECOND = FIRST.replace('## [Unreleased]\n', '## [Unreleased]\n\n## [1.2.0] - 2026-11-28\n')

test('what is unreleased gets a version and a date, and is the notes', (t) => {
  t.is(releaseChangelog(FIRST, '1.2.0', '2026-11-28'), SECOND)
  t.is(
    releaseNotes(SECOND, '1.2.0'),
    '### Added\n\n- One thing,\n  on two lines.\n\n### Fixed\n\n- Another.\n',
  )
})

test('the next release stands above the last one, which stays as it is', (t) => {
  const more = SECOND.replace('[Unreleased]\n', '[Unreleased]\n\n### Fixed\n\n- A third.\n')
  const third = releaseChangelog(more, '1.3.0', '2027-01-02')
  t.is(releaseNotes(third, '1.3.0'), '### Fixed\n\n- A third.\n')
  t.is(releaseNotes(third, '1.2.0'), releaseNotes(SECOND, '1.2.0'))
  t.true(third.endsWith(SECOND.slice(SECOND.indexOf('## [1.2.0]'))))
})

test('nothing is released twice, and nothing is nothing', (t) => {
  t.throws(() => releaseChangelog(SECOND, '1.3.0', ''), { message: /nothing under/ })
  t.throws(() => releaseChangelog(SECOND, '1.2.0', ''), { message: /has a section for 1\.2\.0/ })
  t.throws(() => releaseChangelog('# Changelog\n', '1.2.0', ''), { message: /has no "## / })
  t.throws(() => releaseNotes(FIRST, '1.2.0'), { message: /no section for 1\.2\.0/ })
})
