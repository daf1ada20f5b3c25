/**
 * A backup on its way from a server to where it is kept: checked block by block, and marked at each of its moments.
 *
 * A file of its own, because the command runs while its own file is still being read.
 */
import type { BackupEnd } from '../persistence/backup/backup-format.ts'
import { BackupError, readBackup } from '../persistence/backup/backup-reader.ts'
import type { BackupSink } from './backup-sink.ts'
import { ShareDisplay } from './share-display.ts'

export class PassingBackup {
  /** The last moment that the sink has; undefined: none. */
  reached: string | undefined
  readonly #bytes: AsyncIterable<Buffer>
  readonly #sink: BackupSink
  readonly #interrupted: AbortSignal
  readonly #display = new ShareDisplay()

  constructor(bytes: AsyncIterable<Buffer>, sink: BackupSink, interrupted: AbortSignal) {
    this.#bytes = bytes
    this.#sink = sink
    this.#interrupted = interrupted
  }

  /** Checks what goes on. @throws BackupError, Unreachable */
  async pass(): Promise<BackupEnd> {
    for await (const block of readBackup(this.#passed())) {
      const isFirst = this.reached === undefined
      if (block.kind === 'progress' && isFirst) this.#display.update(block.share)
      if (block.kind === 'end') return block.end
      if (block.kind !== 'moment') continue
      await this.#sink.mark?.()
      if (isFirst) console.error(`Whole as of ${block.end.takenAt}; following.`)
      this.reached = block.end.takenAt
    }
    throw new BackupError('has no end')
  }

  async *#passed(): AsyncGenerator<Buffer> {
    for await (const piece of this.#bytes) {
      this.#interrupted.throwIfAborted()
      await this.#sink.write(piece)
      if (this.reached === undefined) this.#display.add(piece.length)
      yield piece
    }
  }
}
