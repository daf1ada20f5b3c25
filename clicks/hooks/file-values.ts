/**
 * Saved values in one file of the data directory, written whole at each change.
 *
 * There are some dozens of them, a few kilobytes each, and they change at most once a second. A file that
 * cannot be read stops the start of hooks and says so; it is never replaced by an empty one.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { StartError, TinygridError } from '../../links/errors.ts'
import { readIfThere, writeDurably } from '../../persistence/data-directory/durable-file.ts'
import { SAVED_VALUE_MAX, type SavedValues } from './saved-values.ts'

export class FileValues implements SavedValues {
  readonly #file: string
  readonly #values: Map<string, string>
  /** Writes follow each other; one that waits takes the changes of all before it along. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: string, values: Map<string, string>) {
    this.#file = file
    this.#values = values
  }

  /** @throws StartError if the file is there and cannot be understood */
  static async open(file: string): Promise<FileValues> {
    await mkdir(path.dirname(file), { recursive: true })
    const text = await readIfThere(file)
    if (text === undefined) return new FileValues(file, new Map())
    const values = valuesIn(text)
    if (values !== undefined) return new FileValues(file, values)
    throw new StartError(
      `The file ${path.resolve(file)} is damaged; restore it from a backup, or remove it to lose its webhooks and reports`,
    )
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const names = [...this.#values.keys()].filter((name) => name.startsWith(prefix)).sort()
    return new Map(names.map((name) => [name, this.#values.get(name)!]))
  }

  async put(name: string, value: string): Promise<void> {
    if (value.length > SAVED_VALUE_MAX) throw new RangeError(`${name} is longer than it may be`)
    if (this.#values.get(name) === value) return this.#writing
    await this.#change(name, value)
  }

  async remove(name: string): Promise<void> {
    if (this.#values.has(name)) await this.#change(name, undefined)
  }

  /** What cannot be written is as it was before, here too. */
  #change(name: string, value: string | undefined): Promise<void> {
    const change = this.#writing.then(async () => {
      const before = this.#values.get(name)
      this.#set(name, value)
      try {
        await writeDurably(this.#file, JSON.stringify(Object.fromEntries(this.#values)))
      } catch (cause) {
        this.#set(name, before)
        throw new TinygridError('click_store_unavailable', { cause })
      }
    })
    this.#writing = change.catch(() => {})
    return change
  }

  #set(name: string, value: string | undefined): void {
    if (value === undefined) this.#values.delete(name)
    else this.#values.set(name, value)
  }
}

function valuesIn(text: string): Map<string, string> | undefined {
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>)
    const isWhole = entries.every(([, value]) => typeof value === 'string')
    return isWhole ? new Map(entries as [string, string][]) : undefined
  } catch {
    return undefined
  }
}
