/**
 * Versions of links as the content of a block of a backup.
 *
 * Each is u48 position, u16 length and record, big-endian: the bytes of log and store, so that nothing of a link
 * is lost, whatever options it has.
 */
import { codeOfRecord, parseRecord, type LinkVersion } from '../../links/link-record.ts'
import type { LogPosition } from '../../links/ids.ts'
import type { Steps } from '../../links/long-work.ts'
import { BackupError } from './backup-reader.ts'

const HEAD_BYTES = 8
/** A block is closed when it has this many bytes. */
const BLOCK_BYTES = 512 * 1024

/** The contents of as many blocks as it takes. */
export function* linkBlocks(versions: readonly LinkVersion[]): Steps<Buffer[]> {
  const blocks: Buffer[] = []
  let parts: Buffer[] = []
  let bytes = 0
  for (const { position, record } of versions) {
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUIntBE(position, 0, 6)
    head.writeUInt16BE(record.length, 6)
    parts.push(head, record)
    bytes += HEAD_BYTES + record.length
    if (bytes < BLOCK_BYTES) {
      yield
      continue
    }
    blocks.push(Buffer.concat(parts))
    parts = []
    bytes = 0
  }
  if (parts.length > 0) blocks.push(Buffer.concat(parts))
  return blocks
}

/** @throws BackupError */
export function linksIn(content: Buffer): LinkVersion[] {
  const versions: LinkVersion[] = []
  for (let at = 0; at < content.length;) {
    const start = at + HEAD_BYTES
    const end = start > content.length ? Infinity : start + content.readUInt16BE(at + 6)
    const record = end > content.length ? undefined : parseRecord(content.subarray(start, end))
    if (record === undefined) throw new BackupError('has a link that cannot be read')
    const position = content.readUIntBE(at, 6) as LogPosition
    versions.push({ code: codeOfRecord(record), position, record })
    at = end
  }
  return versions
}
