/** Files that commands keep between their runs: what is there, or a line for people about why not. */
import { readFile } from 'node:fs/promises'
import { CommandError } from './command-error.ts'

/** undefined: there is no such file. @throws CommandError */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
