/**
 * `CHANGELOG.md` (Keep a Changelog) at a release: what is unreleased gets a version and a date, and is its notes.
 *
 * Used by `release.ts`. Only the two lines of the headings are written; everything else keeps its bytes. Rejected:
 * packages that parse and print the whole file, which come with a format of their own.
 */
import { CommandError } from '../cli/command-error.ts'

const UNRELEASED = '[Unreleased]'
const HEADING = '\n## '

/**
 * @param date as `YYYY-MM-DD`
 * @returns the file with the section, and an empty one for what comes next
 * @throws CommandError where nothing is to be released, or the version is there already
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  if (findSection(text, `[${version}]`) !== undefined) {
    throw new CommandError(`CHANGELOG.md has a section for ${version} already.`)
  }
  const section = findSection(text, UNRELEASED)
  if (section === undefined) throw new CommandError(`CHANGELOG.md has no "## ${UNRELEASED}".`)
  if (!/^- \S/m.test(text.slice(section.from, section.to))) {
    throw new CommandError(`CHANGELOG.md has nothing under "## ${UNRELEASED}".`)
  }
  return `${text.slice(0, section.from)}\n## [${version}] - ${date}\n${text.slice(section.from)}`
}

/** What the section of `version` says, without its heading. */
export function releaseNotes(text: string, version: string): string {
  const section = findSection(text, `[${version}]`)
  if (section === undefined) throw new CommandError(`CHANGELOG.md has no section for ${version}.`)
  return `${text.slice(section.from, section.to).trim()}\n`
}

/** From behind the line of its heading to the next heading. */
function findSection(text: string, name: string): { from: number; to: number } | undefined {
  const start = text.indexOf(`${HEADING}${name}`)
  if (start === -1) return undefined
  const from = text.indexOf('\n', start + 1) + 1
  const next = text.indexOf(HEADING, from - 1)
  return { from, to: next === -1 ? text.length : next + 1 }
}
