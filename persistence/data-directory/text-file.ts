/** A text in a file of the data directory: the adapter of `kept-text.ts` for one process. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { KEPT_TEXT_BYTES_MAX, type KeptText } from '../../cluster/kept/kept-text.ts'
import { readIfThere } from './durable-file.ts'
import { WholeFile } from './whole-file.ts'

export class TextFile implements KeptText {
  readonly #file: WholeFile<string | undefined>

  private constructor(file: WholeFile<string | undefined>) {
    this.#file = file
  }

  static async open(directory: string, name: string): Promise<TextFile> {
    const file = path.join(directory, name)
    const current = await readIfThere(file)
    return new TextFile(
      new WholeFile({ file, current, textOf: String, failsWith: 'list_unavailable' }),
    )
  }

  get current(): string | undefined {
    return this.#file.current
  }

  async change(make: (text: string | undefined) => string): Promise<void> {
    await this.#file.change((current) => {
      const text = make(current)
      assert(Buffer.byteLength(text) <= KEPT_TEXT_BYTES_MAX, 'a kept text is too long')
      return text
    })
  }

  onChange(listener: () => void): () => void {
    return this.#file.onChange(listener)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
