/** What AVA prints, read: how many tests passed and failed, and which failed with what. Used by `npm test`. */

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** A test that failed, or a hook. */
export interface Failure {
  /** With its file, as AVA prints it. */
  readonly title: string
  /** What AVA tells of it at the end: where, what, and the way there. */
  readonly told: string
}

const FAILED = '  ✘ [fail]: '
const RULE = '  ─'

/**
 * The counts of AVA's closing lines, but for the passed tests, which AVA counts only where none
 * failed. What else is broken (a file that ended early, a time-out) counts too, and a run that failed
 * without a word counts as one.
 */
export function countsOf(output: string, exitCode: number): Counts {
  const passed = output.match(/^ +✔ /gmu)?.length ?? 0
  const closing = output.slice(output.lastIndexOf('─'))
  const count = (pattern: RegExp) => Number(pattern.exec(closing)?.[1] ?? 0)
  const skipped = count(/(\d+) tests? skipped/)
  if (exitCode === 0) return { passed, skipped, failed: 0 }
  const broken =
    count(/(\d+) tests? failed/) +
    count(/(\d+) hooks? failed/) +
    count(/(\d+) uncaught exceptions?/) +
    count(/(\d+) unhandled rejections?/) +
    count(/(\d+) tests? remained pending/) +
    (output.match(/^ {2}✘ (?!\[fail\]: )/gmu)?.length ?? 0)
  return { passed, skipped, failed: Math.max(1, broken) }
}

/** How many tests of a file passed in a run of these files. */
export function passedIn(output: string, file: string, files: readonly string[]): number {
  const passed = `  ✔ ${titlePrefix(file, files)}`
  return output.split('\n').filter((line) => line.startsWith(passed)).length
}

/** The failures of each of these files that has any, in a run of them all. */
export function failuresByFile(output: string, files: readonly string[]): Map<string, Failure[]> {
  const lines = output.split('\n')
  const failed = lines
    .filter((line) => line.startsWith(FAILED))
    .map((line) => line.slice(FAILED.length))
  const end = lines.lastIndexOf(RULE)
  const sections = sectionsOf(lines.slice(lines.lastIndexOf(RULE, end - 1) + 1, end), failed)
  const found = new Map<string, Failure[]>()
  for (const file of files) {
    const own = failed.filter((line) => line.startsWith(titlePrefix(file, files)))
    if (own.length === 0) continue
    const told = (line: string) => sections.find(({ title }) => isOf(line, title))
    found.set(
      file,
      own.map((line) => told(line) ?? { title: line, told: line }),
    )
  }
  return found
}

/** AVA's last words, cut at the titles of the failed tests, the longest title first: another may begin it. */
function sectionsOf(lines: readonly string[], failed: readonly string[]): Failure[] {
  const starts = [...lines.keys()].filter((at) => {
    const title = lines[at]!.slice(2)
    return lines[at]!.startsWith('  ') && title !== '' && failed.some((line) => isOf(line, title))
  })
  return starts
    .map((start, index) => ({
      title: lines[start]!.slice(2),
      told: lines
        .slice(start, starts[index + 1])
        .join('\n')
        .trimEnd(),
    }))
    .toSorted((one, other) => other.title.length - one.title.length)
}

/** Whether a line that tells a failure is about this test; an error's message may follow the title. */
function isOf(failed: string, title: string): boolean {
  return failed === title || failed.startsWith(`${title} `)
}

/** AVA leaves it out where there is one file. */
function titlePrefix(file: string, files: readonly string[]): string {
  if (files.length === 1) return ''
  return `${file.replace(/\.test\.ts$/, '').replaceAll('/', ' › ')} › `
}
