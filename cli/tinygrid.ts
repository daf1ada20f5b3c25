#!/usr/bin/env -S node --max-semi-space-size=64
/**
 * `tinygrid`: one program for all that one does with Tinygrid. Finds the command in the table, and runs it.
 *
 * The `bin` of the package. The flag above is for `serve`, and the same as `npm start` gives.
 */
import { didYouMean } from '../links/nearest-name.ts'
import { PROGRAM_VERSION } from '../node/program-version.ts'
import { COMMANDS, type Command } from './command-table.ts'
import { CommandError, EXIT_CODES, runCommand } from './command-error.ts'
import { printCompletions } from './completions.ts'

const ALL: readonly Command[] = [
  ...COMMANDS,
  {
    name: 'completions',
    about: 'Prints completions for a shell.',
    flags: ['help'],
    run: (args) => printCompletions(ALL, args),
  },
]

function help(): string {
  const width = Math.max(...ALL.map(({ name }) => name.length))
  const lines = ALL.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)
  return `Usage: tinygrid COMMAND [options]

${lines.join('\n')}

tinygrid COMMAND --help tells more of each; docs/commands.md has the exit codes.

Examples
  tinygrid serve
  tinygrid shorten https://example.org/a/long/address --code first
  tinygrid list --search example --json
`
}

await runCommand(async () => {
  const [name, ...args] = process.argv.slice(2)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const out = name === undefined ? process.stderr : process.stdout
    out.write(help())
    return name === undefined ? EXIT_CODES.stopped : EXIT_CODES.done
  }
  if (name === '--version') {
    process.stdout.write(`${PROGRAM_VERSION}\n`)
    return EXIT_CODES.done
  }
  const command = ALL.find((each) => each.name === name)
  if (command !== undefined) return command.run(args)
  const meant = didYouMean(
    name,
    ALL.map((each) => each.name),
  )
  throw new CommandError(`${JSON.stringify(name)} is not a command${meant} (--help tells them)`)
})
