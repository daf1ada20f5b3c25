/** `npm run release -- X.Y.Z`: reads the command line and makes a release. `--help` tells what it does. */
import path from 'node:path'
import { CommandError, EXIT_CODES, runCommand } from '../cli/command-error.ts'
import { readCommandLine } from '../cli/command-line.ts'
import { release } from './release.ts'

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/
const HELP = `npm run release -- X.Y.Z [--dry-run] [--tested]

Makes a release of what is committed on main:

  1. "Unreleased" in CHANGELOG.md becomes the version with today's date (UTC), and each place that names
     the version names the new one: package.json and its lock, Dockerfile, k8s/, docs/.
  2. npm test runs on that, npm's package is made, and all of it is committed as "release: X.Y.Z".
     Whatever fails until here is taken back.
  3. The commit is tagged vX.Y.Z, with the notes.
  4. releases/X.Y.Z/ gets NOTES.md, the package, the image where a Docker engine answers, and SHA256SUMS.

It never pushes or publishes; at its end it says how. If something fails after the commit, the same
command goes on there, and makes only what is missing.

  --dry-run   says what would be changed, with the notes, and changes nothing
  --tested    npm test (or .ci/run) has passed on this commit, and is not run again
  --help      this

Exit codes: 0 it is released (or would be), 2 it is not, and why.
`

// Ctrl-C ends the program that is under way, and with that the release, in order.
process.on('SIGINT', () => {})

await runCommand(async () => {
  const { values, positionals } = readCommandLine(process.argv.slice(2), {
    'dry-run': { type: 'boolean', default: false },
    tested: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return EXIT_CODES.done
  }
  const [version, ...more] = positionals
  if (version === undefined || more.length > 0 || !VERSION.test(version)) {
    throw new CommandError('Give one version of three numbers, such as 1.2.3. --help tells more.')
  }
  await release({
    root: path.resolve(import.meta.dirname, '..'),
    version,
    date: new Date().toISOString().slice(0, 10),
    isTested: values.tested,
    isDryRun: values['dry-run'],
    say: (line) => console.log(line),
  })
  return EXIT_CODES.done
})
