/** Releases of a small repository that names its version where this one does, beside a bare remote. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { release, type ReleaseOptions } from './release.ts'
import { versionsIn, VERSION_PLACES } from './version-places.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const NOTES = '### Added\n\n- A thing.\n'
const CHANGELOG = `# Changelog\n\n## [Unreleased]\n\n${NOTES}`
// Git knows no settings of whoever runs the tests.
Object.assign(process.env, {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Tester',
  GIT_AUTHOR_EMAIL: 'tester@example.org',
  GIT_COMMITTER_NAME: 'Tester',
  GIT_COMMITTER_EMAIL: 'tester@example.org',
})

interface Repository {
  readonly root: string
  git(...args: readonly string[]): string
  read(file: string): string
  /** What was said. */
  release(options?: Partial<ReleaseOptions>): Promise<string>
}

/** With the real files that name a version, and scripts that take no time. */
function makeRepository(
  t: ExecutionContext,
  scripts: Readonly<Record<string, string>> = {},
): Repository {
  const folder = mkdtempSync(path.join(tmpdir(), 'tinygrid-release-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const root = path.join(folder, 'work')
  for (const { file } of VERSION_PLACES) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), readFileSync(path.join(ROOT, file)))
  }
  const pack = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as object
  const small = { ...pack, scripts: { test: 'exit 1', ...scripts } }
  writeFileSync(path.join(root, 'package.json'), `${JSON.stringify(small, null, 2)}\n`)
  writeFileSync(path.join(root, 'CHANGELOG.md'), CHANGELOG)
  writeFileSync(path.join(root, '.gitignore'), '/releases/\n')
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...args], { cwd: root, encoding: 'utf8' }).trim()
  git('init', '--quiet', '--initial-branch=main')
  git('init', '--quiet', '--bare', path.join(folder, 'remote'))
  git('remote', 'add', 'origin', path.join(folder, 'remote'))
  git('add', '--all')
  git('commit', '--quiet', '--message', 'all')
  git('push', '--quiet', 'origin', 'main')
  return {
    root,
    git,
    read: (file) => readFileSync(path.join(root, file), 'utf8'),
    async release(options = {}) {
      const said: string[] = []
      const say = (line: string) => void said.push(line)
      const usual = { version: '7.8.10', date: '2026-11-28', isTested: true, isDryRun: false }
      await release({ root, say, ...usual, ...options })
      return said.join('\n')
    },
  }
}

/** Puts a `docker` on the PATH that keeps what it is asked, and saves an image where there is an engine. */
function fakeDocker(t: ExecutionContext, { isThere }: { isThere: boolean }): () => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tinygrid-docker-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [program, asked] = [path.join(folder, 'docker'), path.join(folder, 'asked')]
  writeFileSync(
    program,
    `#!/bin/sh
echo "$@" >> '${asked}'
${isThere ? '' : 'echo "no engine here" >&2; exit 1'}
if [ "$1" = save ]; then echo image > "$3"; fi
`,
  )
  chmodSync(program, 0o755)
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:${before}`
  t.teardown(() => (process.env['PATH'] = before))
  return () => readFileSync(asked, 'utf8')
}

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

test('each place of this repository names the version of package.json', (t) => {
  const versions = VERSION_PLACES.map((place) => {
    const found = versionsIn(readFileSync(path.join(ROOT, place.file), 'utf8'), place)
    t.is(found.length, place.times, place.file)
    return found
  })
  t.is(new Set(versions.flat()).size, 1)
})

test.serial(
  'a release is a commit, a tag and files with their sums, and is not pushed',
  async (t) => {
    const repository = makeRepository(t)
    const asked = fakeDocker(t, { isThere: true })
    const pushed = repository.git('rev-parse', 'HEAD')
    const said = await repository.release()
    t.is(repository.git('log', '-1', '--format=%s'), 'release: 7.8.10')
    t.is(repository.git('status', '--porcelain'), '')
    for (const place of VERSION_PLACES) {
      t.deepEqual(
        [...new Set(versionsIn(repository.read(place.file), place))],
        ['7.8.10'],
        place.file,
      )
    }
    t.regex(repository.read('docs/cluster.md'), /│ tinygrid │ 7\.8\.10  │/)
    t.is(
      (JSON.parse(repository.read('package-lock.json')) as { version: string }).version,
      '7.8.10',
    )
    t.regex(
      repository.read('CHANGELOG.md'),
      /\[Unreleased\]\n\n## \[7\.8\.10\] - 2026-11-28\n\n### Added/,
    )
    t.is(repository.git('cat-file', '-t', 'v7.8.10'), 'tag')
    t.is(repository.git('tag', '--list', '--format=%(contents)'), NOTES.trim())
    const files = path.join(repository.root, 'releases/7.8.10')
    t.is(repository.read('releases/7.8.10/NOTES.md'), NOTES)
    const names = ['NOTES.md', 'tinygrid-7.8.10-image.tar.gz', 'tinygrid-7.8.10.tgz']
    const sums = names.map((name) => `${sha256(path.join(files, name))}  ${name}\n`)
    t.is(repository.read('releases/7.8.10/SHA256SUMS'), sums.join(''))
    const listed = execFileSync('tar', ['-tzf', 'tinygrid-7.8.10.tgz'], {
      cwd: files,
      encoding: 'utf8',
    })
    t.regex(listed, /package\/docs\/cluster\.md/)
    const commit = repository.git('rev-parse', 'HEAD')
    t.regex(
      asked(),
      new RegExp(`build .*VERSION=7\\.8\\.10 .*REVISION=${commit} .*tinygrid:7\\.8\\.10`),
    )
    t.regex(said, /not pushed[^]*git push --atomic origin main v7\.8\.10/)
    t.is(repository.git('ls-remote', 'origin').split('\t')[0], pushed)
    t.is(repository.git('ls-remote', '--tags', 'origin'), '')

    // Once more: what is there stays, and what is not is made.
    rmSync(path.join(files, 'tinygrid-7.8.10-image.tar.gz'))
    await repository.release()
    t.true(existsSync(path.join(files, 'tinygrid-7.8.10-image.tar.gz')))
    t.is(repository.git('rev-parse', 'HEAD'), commit)
  },
)

test.serial('without an engine there is no image, and it says so', async (t) => {
  const repository = makeRepository(t)
  fakeDocker(t, { isThere: false })
  t.regex(await repository.release(), /no archive of the image: .*no engine here/)
  t.regex(
    repository.read('releases/7.8.10/SHA256SUMS'),
    /^\w{64} {2}NOTES\.md\n\w{64} {2}tinygrid-7\.8\.10\.tgz\n$/,
  )
})

test.serial('a dry run says what would be, and changes nothing', async (t) => {
  const repository = makeRepository(t)
  const before = repository.git('rev-parse', 'HEAD')
  const said = await repository.release({ isDryRun: true, isTested: false })
  t.regex(said, /would change CHANGELOG\.md\n[^]*would change k8s[^]*- A thing\./)
  t.is(repository.git('rev-parse', 'HEAD'), before)
  t.is(repository.git('status', '--porcelain', '--ignored'), '')
})

test.serial('what fails before the commit is taken back', async (t) => {
  const cases: readonly (readonly [
    scripts: Readonly<Record<string, string>>,
    isTested: boolean,
  ])[] = [
    [{}, false],
    [{ prepack: 'exit 1' }, true],
  ]
  for (const [scripts, isTested] of cases) {
    const repository = makeRepository(t, scripts)
    const before = repository.git('rev-parse', 'HEAD')
    await t.throwsAsync(repository.release({ isTested }), {
      message: /"npm (test|pack).*failed[^]*every change was taken back/,
    })
    t.is(repository.git('rev-parse', 'HEAD'), before)
    t.is(repository.git('status', '--porcelain', '--ignored'), '')
    t.is(repository.git('tag'), '')
  }
})

test.serial('one that was cut off after the commit goes on', async (t) => {
  const repository = makeRepository(t)
  fakeDocker(t, { isThere: false })
  // A tag of that name that is no tag of a release cannot be made: there is a directory in its place.
  const obstacle = path.join(repository.root, '.git/refs/tags/v7.8.10/x')
  mkdirSync(path.dirname(obstacle))
  writeFileSync(obstacle, `${repository.git('rev-parse', 'HEAD')}\n`)
  await t.throwsAsync(repository.release(), { message: /is committed; the same command goes on/ })
  const commit = repository.git('rev-parse', 'HEAD')
  rmSync(path.dirname(obstacle), { recursive: true })
  rmSync(path.join(repository.root, 'releases'), { recursive: true })
  await repository.release()
  t.is(repository.git('rev-parse', 'v7.8.10^{commit}'), commit)
  t.true(existsSync(path.join(repository.root, 'releases/7.8.10/tinygrid-7.8.10.tgz')))
})

test.serial('it is refused where it is not what was meant, with the reason', async (t) => {
  const repository = makeRepository(t)
  fakeDocker(t, { isThere: false })
  const refused = (message: RegExp, options: Partial<ReleaseOptions> = {}) =>
    t.throwsAsync(repository.release(options), { message })
  await refused(/0\.0\.9 is older than \d/, { version: '0.0.9' })
  writeFileSync(path.join(repository.root, 'new.txt'), '')
  await refused(/not committed:\n\?\? new\.txt/)
  rmSync(path.join(repository.root, 'new.txt'))
  repository.git('switch', '--quiet', '--create', 'side')
  await refused(/made on main, and this is "side"/)
  repository.git('switch', '--quiet', 'main')
  await repository.release()
  await refused(/nothing under/, { version: '7.9.0' })
  repository.git('commit', '--quiet', '--allow-empty', '--message', 'more')
  await refused(/7\.8\.10 is released/)
})
