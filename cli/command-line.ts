/**
 * Reads the command line of a command, and refuses what the command does not know with the nearest name.
 *
 * Node's own `parseArgs` does it: it knows all that these commands need, and is there. Rejected: commander and
 * yargs, whose own help, sub-commands and types would be a second table of commands beside ours.
 */
import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util'
import { parseErrorSentence } from '../node/parse-error.ts'
import { CommandError } from './command-error.ts'

export type OptionTable = Readonly<Record<string, ParseArgsOptionDescriptor>>

/** @throws CommandError */
export function readCommandLine<const Options extends OptionTable>(
  args: readonly string[],
  options: Options,
  allowPositionals = true,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals })
  } catch (error) {
    throw new CommandError(parseErrorSentence(error as Error, Object.keys(options)))
  }
}
