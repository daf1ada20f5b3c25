/**
 * The form of a backup: what its bytes are, and how a block of it is written.
 *
 * Used by the server that makes one and by the commands that check and restore it. Big-endian:
 *
 *   8 bytes   TGBACKUP
 *   u16       version of the form
 *   blocks, each
 *     u8      kind
 *     u32     bytes of what follows the checksum
 *     u32     bytes of it before it was compressed
 *     u32     CRC-32 of all of the block but itself
 *             content, zstd
 *   32 bytes  SHA-256 of all that comes before it
 *
 * The first block is the header, the last one the end: without end and digest a backup is not whole; but one that
 * goes on is up to each of its moments. What a reader meets it checks before it hands it on, so a cut or a changed byte is found where it is.
 * Rejected: tar or zip, whose checksums are of whole members, which have to be known or kept before they begin;
 * gzip, which takes three times the processor for the same bytes.
 */
import { promisify } from 'node:util'
import { constants, crc32, zstdCompress } from 'node:zlib'

export const MAGIC = Buffer.from('TGBACKUP')
/** Rises with every change that an older reader must not pass over. */
export const FORMAT_VERSION = 2
export const FORMAT_VERSION_OLDEST = 1
export const PREFIX_BYTES = MAGIC.length + 2
export const BLOCK_HEAD_BYTES = 13
export const DIGEST_BYTES = 32
/** Of a block's content: a reader holds one. */
export const BLOCK_BYTES_MAX = 16 * 2 ** 20

/** Numbers are what is written: only ever add. */
export const BLOCK_KINDS = {
  header: 1,
  /** Versions of links (`link-block.ts`). */
  links: 2,
  /** Keys to the interface, as JSON with their hashes. */
  keys: 3,
  /** Webhooks and reports, as JSON by name. */
  hooks: 4,
  /** How far the server is, as JSON. */
  progress: 5,
  /** The next bytes of the click store's file. */
  clicks: 6,
  /** Blocked hosts, as they are kept. From version 2 on. */
  hosts: 7,
  /** Audited changes, as a list of their words. From version 2 on. */
  audit: 8,
  /**
   * Of a backup that goes on: all that came before is whole, and of this moment, as JSON (`WrittenMoment`). From
   * version 2 on.
   */
  moment: 9,
  /** Why there is no end, as JSON. */
  failure: 254,
  end: 255,
} as const
export type BlockKind = keyof typeof BLOCK_KINDS

export interface BackupHeader {
  readonly product: 'tinygrid'
  /** Of the program that made it. */
  readonly version: string
  readonly way: 'embedded' | 'cluster'
  /** Of the data directory or the cluster that it is of. */
  readonly identity: string
  readonly partitions: number
  readonly codeCase: 'sensitive' | 'insensitive'
  /** ISO 8601. */
  readonly startedAt: string
}

export interface BackupEnd {
  /** ISO 8601: the moment that it is of. */
  readonly takenAt: string
  /** By partition: it has everything of the log up to here, and nothing behind. */
  readonly positions: readonly number[]
  /** Versions of links in it; a link that was changed meanwhile has several. */
  readonly versions: number
  /** Codes of links that the store has damaged, the first DAMAGED_MAX; they are not in it. */
  readonly damaged: readonly string[]
  readonly damagedCount: number
  readonly keys: number
  /** Audited changes; undefined: of version 1. */
  readonly audited?: number
  /** Bytes of the click store; 0: it is not in it. */
  readonly clicksBytes: number
  /** Why the click store is not in it; null: it is, or no clicks are counted. */
  readonly clicksLeftOut: string | null
}

/** As the end of a backup, for which what comes behind is not there. */
export interface WrittenMoment extends Omit<BackupEnd, 'positions'> {
  /** undefined: those of the moment before. */
  readonly positions?: readonly number[]
  /** SHA-256 of all that comes before the block, in hexadecimal digits. */
  readonly sha256: string
}

/** Of the end block. */
export const DAMAGED_MAX = 1_000

const compress = promisify(zstdCompress)
/** The fastest: three levels more save a tenth of the bytes for twice the time. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export function prefix(): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16BE(FORMAT_VERSION, MAGIC.length)
  return bytes
}

export async function encodeBlock(kind: BlockKind, content: Uint8Array): Promise<Buffer> {
  const stored = await compress(content, COMPRESSION)
  const head = Buffer.allocUnsafe(BLOCK_HEAD_BYTES)
  head[0] = BLOCK_KINDS[kind]
  head.writeUInt32BE(stored.length, 1)
  head.writeUInt32BE(content.length, 5)
  head.writeUInt32BE(checksumOf(head, stored), 9)
  return Buffer.concat([head, stored])
}

export function checksumOf(head: Buffer, stored: Uint8Array): number {
  return crc32(stored, crc32(head.subarray(0, 9)))
}
