/**
 * A value in a file of the data directory, which is written whole and synced at each change.
 *
 * Used for what is small and changes rarely. Readable by its owner alone. Changes follow each other; what cannot
 * be written is as it was before, here too.
 */
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import { writeDurably } from './durable-file.ts'

export interface WholeFileOptions<T> {
  readonly file: string
  /** As it was read. */
  readonly current: T
  readonly textOf: (value: NonNullable<T>) => string
  /** What a change that cannot be written fails with. */
  readonly failsWith: ErrorCode
}

export class WholeFile<T> {
  readonly #options: WholeFileOptions<T>
  readonly #listeners = new Set<() => void>()
  #current: T
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: WholeFileOptions<T>) {
    this.#options = options
    this.#current = options.current
  }

  get current(): T {
    return this.#current
  }

  /**
   * Resolves when it is on disk, with whether there was anything to change.
   *
   * @param make the new value; undefined: nothing changes. What it throws is thrown
   */
  change(make: (current: T) => NonNullable<T> | undefined): Promise<boolean> {
    const change = this.#changing.then(() => this.#change(make(this.#current)))
    this.#changing = change.catch(() => {})
    return change
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#changing
  }

  async #change(value: NonNullable<T> | undefined): Promise<boolean> {
    if (value === undefined) return false
    const { file, textOf, failsWith } = this.#options
    try {
      await writeDurably(file, textOf(value))
    } catch (cause) {
      throw new TinygridError(failsWith, { cause })
    }
    this.#current = value
    for (const listener of this.#listeners) listener()
    return true
  }
}
