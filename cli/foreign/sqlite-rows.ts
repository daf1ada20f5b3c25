/**
 * The links in the SQLite file of Chhoto URL or Kutt, opened for reading alone.
 *
 * Read row by row, so the file may be of any size. Its columns are those that it has: older ones have no
 * `expiry_time` and no `notes`. While the product runs the file can be read too, if its folder can be written
 * to by whoever reads (SQLite keeps its shared index there); a copy needs nothing. Node's own SQLite is loaded
 * for such a file alone: an import of anything else needs no Node that has it.
 */
import { CommandError } from '../command-error.ts'

export const SQLITE_HEAD = 'SQLite format 3\0'

/** @throws CommandError if it is no such file */
export async function* sqliteRows(
  path: string,
  query: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  try {
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      yield* database.prepare(query).iterate()
    } finally {
      database.close()
    }
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
