/**
 * A CSV file that an import writes beside its work: the failures, or the links it made.
 *
 * Rows are in the order of the input. A run that continues an earlier one cuts the file back to
 * what was certain and appends. Cells are safe to open in a spreadsheet. The file appears with its
 * first row, so an import without failures leaves none.
 */
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import { CommandError } from './command-error.ts'
import { guardCell } from './csv-cell.ts'

export class ResultFile {
  /** undefined: the rows are not wanted. */
  readonly path: string | undefined
  readonly #columns: readonly string[]
  #file: number | undefined
  /** Bytes written, also by earlier runs. */
  bytes: number

  /** @param bytes how much of the file an earlier run is certain of; 0: start anew */
  constructor(path: string | undefined, columns: readonly string[], bytes: number) {
    this.path = path
    this.#columns = columns
    this.bytes = bytes
    if (path !== undefined && bytes === 0) rmSync(path, { force: true })
  }

  append(rows: readonly (readonly string[])[]): void {
    if (this.path === undefined || rows.length === 0) return
    this.#file ??= this.#open(this.path)
    const lines = this.bytes === 0 ? [this.#columns, ...rows] : rows
    this.bytes += writeWhole(
      this.#file,
      stringify(lines.map((row) => row.map(guardCell))),
      this.bytes,
    )
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(path: string): number {
    try {
      const file = openSync(path, this.bytes === 0 ? 'w' : 'r+')
      ftruncateSync(file, this.bytes)
      return file
    } catch (error) {
      throw new CommandError(`${path} cannot be written: ${(error as Error).message}`)
    }
  }
}

function writeWhole(file: number, text: string, position: number): number {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written)
  }
  return bytes.length
}
