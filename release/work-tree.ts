/**
 * The repository of git that is released from: what is asked of it, and the few things that are done to it.
 *
 * Used by `release.ts`. It commits and tags, and never pushes, fetches, or moves a branch back.
 */
import { CommandError } from '../cli/command-error.ts'
import { runProgram } from './command.ts'

const BRANCH = 'main'

export class WorkTree {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** @throws CommandError unless everything is committed, on the branch that is released from */
  async assertReady(): Promise<void> {
    const branch = (await this.#git('branch', '--show-current')).trim()
    if (branch !== BRANCH) {
      throw new CommandError(`Releases are made on ${BRANCH}, and this is "${branch}".`)
    }
    const changed = await this.#git('status', '--porcelain')
    if (changed !== '') {
      const hint =
        'Commit it first; "git restore ." takes back what a release left that was cut off.'
      throw new CommandError(`Something is not committed:\n${changed}${hint}`)
    }
  }

  async isReleaseCommit(version: string): Promise<boolean> {
    return (await this.#git('log', '-1', '--format=%s')).trim() === subjectOf(version)
  }

  /** Whether the tag is on the commit that is checked out; undefined where there is none. */
  async hasTagHere(version: string): Promise<boolean | undefined> {
    const tagged = await this.#git('tag', '--list', tagOf(version), '--format=%(*objectname)')
    if (tagged.trim() === '') return undefined
    return tagged.trim() === (await this.commit())
  }

  async commit(): Promise<string> {
    return (await this.#git('rev-parse', 'HEAD')).trim()
  }

  /** In seconds, as SOURCE_DATE_EPOCH has it. */
  async commitTime(): Promise<string> {
    return (await this.#git('log', '-1', '--format=%ct')).trim()
  }

  async commitFiles(files: readonly string[], version: string): Promise<void> {
    await this.#git('commit', '--quiet', '--message', subjectOf(version), '--only', '--', ...files)
  }

  async restore(files: readonly string[]): Promise<void> {
    await this.#git('restore', '--staged', '--worktree', '--', ...files)
  }

  async tag(version: string, notesFile: string): Promise<void> {
    // As it is: lines that begin with # are headings, no comments.
    const how = ['--annotate', '--cleanup=verbatim', '--file', notesFile]
    await this.#git('tag', ...how, tagOf(version))
  }

  #git(...args: readonly string[]): Promise<string> {
    return runProgram(['git', ...args], { cwd: this.root })
  }
}

export const tagOf = (version: string) => `v${version}`
const subjectOf = (version: string) => `release: ${version}`
