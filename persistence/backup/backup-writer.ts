/**
 * Writes a backup: gives the bytes of its blocks, one after the other, and the digest at its end.
 *
 * Used by the server. Holds nothing but the digest.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  BLOCK_BYTES_MAX,
  encodeBlock,
  prefix,
  type BackupEnd,
  type BackupHeader,
  type BlockKind,
  type WrittenMoment,
} from './backup-format.ts'

export class BackupWriter {
  readonly #digest = createHash('sha256')
  /** Of the last moment. */
  #positions: readonly number[] = []

  /** What it begins with. */
  async begin(header: BackupHeader): Promise<Buffer> {
    const start = prefix()
    this.#digest.update(start)
    return Buffer.concat([start, await this.json('header', header)])
  }

  async block(kind: BlockKind, content: Uint8Array): Promise<Buffer> {
    assert(content.length <= BLOCK_BYTES_MAX, 'a block of a backup is too long')
    const block = await encodeBlock(kind, content)
    this.#digest.update(block)
    return block
  }

  json(kind: BlockKind, value: unknown): Promise<Buffer> {
    return this.block(kind, Buffer.from(JSON.stringify(value)))
  }

  /** What came before counts, whatever comes. */
  moment(end: BackupEnd): Promise<Buffer> {
    const isMoved = end.positions.some((position, id) => position !== this.#positions[id])
    this.#positions = end.positions
    const { positions, ...rest } = end
    const sha256 = this.#digest.copy().digest('hex')
    const moment: WrittenMoment = { ...rest, ...(isMoved && { positions }), sha256 }
    return this.json('moment', moment)
  }

  /** What it ends with. */
  async end(end: BackupEnd): Promise<Buffer> {
    const block = await this.json('end', end)
    return Buffer.concat([block, this.#digest.digest()])
  }
}
