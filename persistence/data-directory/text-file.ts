/**
 * A text in a file of the data directory: the adapter of `kept-text.ts` for one process.
 *
 * Written whole and synced at each change, readable by its owner alone. What cannot be written is as it was
 * before, here too.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { KEPT_TEXT_BYTES_MAX, type KeptText } from '../../cluster/kept/kept-text.ts'
import { TinygridError } from '../../links/errors.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

export class TextFile implements KeptText {
  readonly #file: string
  readonly #listeners = new Set<() => void>()
  #current: string | undefined
  /** Changes follow each other. */
  #changing: Promise<void> = Promise.resolve()

  private constructor(file: string, current: string | undefined) {
    this.#file = file
    this.#current = current
  }

  static async open(directory: string, name: string): Promise<TextFile> {
    const file = path.join(directory, name)
    return new TextFile(file, await readIfThere(file))
  }

  get current(): string | undefined {
    return this.#current
  }

  change(make: (text: string | undefined) => string): Promise<void> {
    const change = this.#changing.then(async () => {
      const text = make(this.#current)
      assert(Buffer.byteLength(text) <= KEPT_TEXT_BYTES_MAX, 'a kept text is too long')
      try {
        await writeDurably(this.#file, text)
      } catch (cause) {
        throw new TinygridError('list_unavailable', { cause })
      }
      this.#current = text
      for (const listener of this.#listeners) listener()
    })
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
}
