/**
 * `npm start -- --verify` and `--repair`: the data directory of the embedded way is checked or mended
 * instead of served.
 *
 * Used by `program.ts`. The directory is locked meanwhile, as by a node. A check changes nothing. A repair
 * says what would be lost, and does it only with `--accept-loss`.
 */
import path from 'node:path'
import type { Config } from '../config.ts'
import { DataDirectory } from '../persistence/data-directory/data-directory.ts'
import {
  checkDirectory,
  linesOf,
  type DirectoryReport,
  type Environments,
} from '../persistence/data-directory/directory-check.ts'
import { repairDirectory } from '../persistence/data-directory/directory-repair.ts'
import { LmdbEnvironment } from '../persistence/data-directory/lmdb-environment.ts'

export type DataCommand = 'verify' | 'repair' | 'repair and accept loss'

/** Prints a line. */
type Say = (line: string) => void

const PROGRESS_MS = 1_000
/** What is wrong, printed line by line; of more the number is told. */
const LINES_MAX = 1_000
/** A mended key may show what was behind it. */
const ROUNDS_MAX = 3

/** Whether the directory is whole afterwards. @throws DataDirectoryError if it cannot be opened */
export async function runDataCommand(
  command: DataCommand,
  { dataDir, partitions, codeCase }: Config,
  say: Say,
): Promise<boolean> {
  const root = path.resolve(dataDir)
  const directory = await DataDirectory.open(root, { partitions, codeCase, isCheck: true })
  const log = new LmdbEnvironment(path.join(root, 'log'))
  const store = new LmdbEnvironment(path.join(root, 'store'))
  const check = () => checkDirectory({ log, store }, partitions, progressTo(say))
  try {
    const report = await check()
    if (tell(say, root, report)) return true
    if (command !== 'verify') tellWhatIsKept(say, report)
    if (command === 'repair') say('Nothing was changed. --repair --accept-loss goes on without it.')
    if (command !== 'repair and accept loss') return false
    return await repair(root, { log, store }, report, check, say)
  } finally {
    await log.close()
    await store.close()
    await directory.close()
  }
}

async function repair(
  root: string,
  environments: Environments,
  found: DirectoryReport,
  check: () => Promise<DirectoryReport>,
  say: Say,
): Promise<boolean> {
  let report = found
  for (let round = 0; round < ROUNDS_MAX && [...linesOf(report)].length > 0; round++) {
    const copy = await repairDirectory(root, environments, report, new Date())
    if (copy !== undefined) say(`A copy of what was removed is in ${copy}`)
    report = await check()
  }
  return tell(say, root, report)
}

/** Whether all is well. */
function tell(say: Say, root: string, report: DirectoryReport): boolean {
  const lines = [...linesOf(report)]
  for (const line of lines.slice(0, LINES_MAX)) say(line)
  if (lines.length > LINES_MAX) say(`and ${lines.length - LINES_MAX} more`)
  const { log, store } = report
  const read = `${log.entries} entries of the log and ${store.links} of the store were read`
  const verdict = lines.length === 0 ? 'is whole' : `has ${lines.length} faults`
  say(`The data directory ${root} ${verdict}: ${read}.`)
  return lines.length === 0
}

/** Until when there is something of the partitions at fault. */
function tellWhatIsKept(say: Say, { log, mismatches }: DirectoryReport): void {
  const damaged = log.damage.flatMap(({ entry }) => (entry === undefined ? [] : [entry.partition]))
  const partitions = new Set([...damaged, ...mismatches.map(({ partition }) => partition)])
  for (const partition of partitions) {
    const changedAt = log.spans.get(partition)?.changedAt
    const until = changedAt === undefined ? 'holds no change' : `ends ${isoOf(changedAt)}`
    say(`partition ${partition}: what its log can still tell ${until}; a later change may be lost`)
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

function progressTo(say: Say) {
  let toldAt = performance.now()
  return (what: string, done: number) => {
    if (performance.now() - toldAt < PROGRESS_MS) return
    toldAt = performance.now()
    say(`checked so far: ${done} ${what}`)
  }
}
