/** What AVA prints, read: how many tests passed and failed, and in which files. Used by `npm test`. */

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * The counts of AVA's closing lines, but for the passed tests, which AVA counts only where none
 * failed. A run that failed without a failed test counts as one.
 */
export function countsOf(output: string, exitCode: number): Counts {
  const passed = output.match(/^ +✔ /gmu)?.length ?? 0
  const closing = output.slice(output.lastIndexOf('─'))
  const count = (pattern: RegExp) => Number(pattern.exec(closing)?.[1] ?? 0)
  const skipped = count(/(\d+) tests? skipped/)
  const broken =
    count(/(\d+) tests? failed/) +
    count(/(\d+) uncaught exceptions?/) +
    count(/(\d+) unhandled rejections?/) +
    count(/(\d+) tests? remained pending/)
  return { passed, skipped, failed: exitCode === 0 ? broken : Math.max(1, broken) }
}

/** How many tests of each file this text tells as failed; AVA writes the file before the title of a test. */
export function failuresByFile(text: string, files: readonly string[]): Map<string, number> {
  const titles = [...text.matchAll(/^ +✘ \[fail\]: (.+)$/gmu)].map(([, title]) => title!)
  const found = new Map<string, number>()
  for (const file of files) {
    const failures = titles.filter((title) => title.startsWith(titlePrefix(file))).length
    if (failures > 0) found.set(file, failures)
  }
  return found
}

function titlePrefix(file: string): string {
  return `${file.replace(/\.test\.ts$/, '').replaceAll('/', ' › ')} › `
}
