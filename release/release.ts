/**
 * A release, from a clean `main` to a commit, a tag and the files that go with it: `npm run release -- X.Y.Z`.
 *
 * Used by `main.ts`. Up to the commit whatever fails is taken back; from there on the same command goes on where
 * it ended, since what is done is read from the repository and not from a state of its own. Nothing is pushed or
 * published: that is for a person who has looked at it. Rejected: release-it and semantic-release, some hundred
 * packages that push, and changesets, which wants a file for each change beside the changelog that is there.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CommandError } from '../cli/command-error.ts'
import { releaseChangelog, releaseNotes } from './changelog.ts'
import { runProgram } from './command.ts'
import { Packages } from './packages.ts'
import { versionsIn, VERSION_PLACES, writeVersion } from './version-places.ts'
import { tagOf, WorkTree } from './work-tree.ts'

const CHANGELOG = 'CHANGELOG.md'
const [PACKAGE] = VERSION_PLACES

export interface ReleaseOptions {
  readonly root: string
  /** Three numbers. */
  readonly version: string
  /** As `YYYY-MM-DD`. */
  readonly date: string
  /** The tests have passed on this commit: they are not run again. */
  readonly isTested: boolean
  readonly isDryRun: boolean
  readonly say: (line: string) => void
}

/** By file: what is in it afterwards. */
type Edits = ReadonlyMap<string, string>

/** @throws CommandError which says what was taken back, or how to go on */
export async function release(options: ReleaseOptions): Promise<void> {
  const { root, version, isDryRun, say } = options
  const tree = new WorkTree(root)
  const packages = new Packages(root, version)
  await tree.assertReady()
  const hasTagHere = await tree.hasTagHere(version)
  if (hasTagHere === false) {
    throw new CommandError(`${version} is released: ${tagOf(version)} is an earlier commit.`)
  }
  const isCommitted = await tree.isReleaseCommit(version)
  if (hasTagHere && !isCommitted) {
    throw new CommandError(`${tagOf(version)} is on this commit, which is no release.`)
  }
  if (!isCommitted) {
    const edits = editsFor(options)
    for (const file of edits.keys()) say(`${isDryRun ? 'would change' : 'changes'} ${file}`)
    if (isDryRun) {
      say(`would commit, tag ${tagOf(version)}, and make ${packages.directory} with these notes:`)
      return say(`\n${releaseNotes(edits.get(CHANGELOG)!, version)}`)
    }
    await commit(edits, tree, packages, options)
  } else if (isDryRun) {
    return say(`${version} is committed: would make what is missing of its tag and files`)
  } else {
    say(`${version} is committed: makes what is missing of its tag and files`)
  }
  await finish(tree, packages, options, hasTagHere === true)
}

/** Everything is worked out before anything is written. */
function editsFor({ root, version, date }: ReleaseOptions): Edits {
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
  const current = versionsIn(read(PACKAGE!.file), PACKAGE!)[0] ?? '0.0.0'
  if (isOlder(version, current)) {
    throw new CommandError(`${version} is older than ${current}, which package.json has.`)
  }
  const edits = new Map([[CHANGELOG, releaseChangelog(read(CHANGELOG), version, date)]])
  for (const place of VERSION_PLACES) {
    const text = writeVersion(read(place.file), place, version)
    // The first release may be of the version that is there.
    if (text !== read(place.file)) edits.set(place.file, text)
  }
  return edits
}

function isOlder(version: string, than: string): boolean {
  const collator = new Intl.Collator('en', { numeric: true })
  return collator.compare(version, than) < 0
}

async function commit(
  edits: Edits,
  tree: WorkTree,
  packages: Packages,
  { root, version, isTested, say }: ReleaseOptions,
): Promise<void> {
  await packages.clear()
  try {
    for (const [file, text] of edits) writeFileSync(path.join(root, file), text)
    if (!isTested) {
      say('runs npm test')
      await runProgram(['npm', 'test'], { cwd: root, isShown: true })
    }
    say("makes npm's package")
    await packages.packForNpm()
    await packages.writeNotes(releaseNotes(edits.get(CHANGELOG)!, version))
    await tree.commitFiles([...edits.keys()], version)
  } catch (error) {
    await tree.restore([...edits.keys()])
    await packages.clear()
    const { message } = error as Error
    throw new CommandError(`${message}\nNothing was released, and every change was taken back.`)
  }
}

async function finish(
  tree: WorkTree,
  packages: Packages,
  { root, version, say }: ReleaseOptions,
  isTagged: boolean,
): Promise<void> {
  try {
    await packages.packForNpm()
    const changelog = readFileSync(path.join(root, CHANGELOG), 'utf8')
    await packages.writeNotes(releaseNotes(changelog, version))
    if (!isTagged) await tree.tag(version, packages.notesFile)
    const whyNoImage = await packages.archiveImage(await tree.commit(), await tree.commitTime())
    if (whyNoImage !== undefined) say(`no archive of the image: ${whyNoImage}`)
    const names = await packages.writeSums()
    say(`${packages.directory} has ${names.join(', ')}`)
  } catch (error) {
    const { message } = error as Error
    throw new CommandError(
      `${message}\n${version} is committed; the same command goes on from here.`,
    )
  }
  const tag = tagOf(version)
  say(`${version} is committed and tagged, and not pushed. To publish it:`)
  say(`  git push --atomic origin main ${tag}`)
  say(`To take it back before that: git tag --delete ${tag} && git reset --hard HEAD~1`)
}
