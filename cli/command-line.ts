/**
 * Reads the command line of a command, and refuses what the command does not know with the nearest name.
 *
 * Node's own `parseArgs` does it: it knows all that these commands need, and is there. Rejected: commander and
 * yargs, whose own help, sub-commands and types would be a second table of commands beside ours.
 */
import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util'
import { didYouMean } from '../links/nearest-name.ts'
import { CommandError } from './command-error.ts'

export type OptionTable = Readonly<Record<string, ParseArgsOptionDescriptor>>

const UNKNOWN = /^Unknown option '(-[^']*)'/

/** @throws CommandError */
export function readCommandLine<const Options extends OptionTable>(
  args: readonly string[],
  options: Options,
  allowPositionals = true,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals })
  } catch (error) {
    throw refusal(error as Error, options)
  }
}

/** What parseArgs has thrown, as a sentence for the person who typed it. */
function refusal(error: Error, options: OptionTable): CommandError {
  const unknown = UNKNOWN.exec(error.message)?.[1]
  if (unknown === undefined) return new CommandError(`${error.message} (--help tells more)`)
  const known = Object.keys(options).map((name) => `--${name}`)
  const meant = didYouMean(unknown, known)
  return new CommandError(`${unknown} is not an option${meant} (--help tells more)`)
}
