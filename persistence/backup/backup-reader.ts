/**
 * Reads a backup block by block, and checks each before it is handed on.
 *
 * Used by the commands: while a backup arrives, before one is restored, and while it is. Holds one block. The
 * end block is handed on once the digest behind it is right, so whoever has met it has a whole backup; and whoever
 * has met a moment has one of that moment, whatever comes behind.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import {
  BLOCK_BYTES_MAX,
  BLOCK_HEAD_BYTES,
  BLOCK_KINDS,
  checksumOf,
  DIGEST_BYTES,
  FORMAT_VERSION,
  FORMAT_VERSION_OLDEST,
  MAGIC,
  PREFIX_BYTES,
  type BackupEnd,
  type BackupHeader,
  type BlockKind,
  type WrittenMoment,
} from './backup-format.ts'
import { ByteQueue } from './byte-queue.ts'

/** It is no backup, not whole, or changed. The message goes behind its name. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

export type BackupBlock =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'moment' | 'end'; readonly end: BackupEnd }
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: ContentKind; readonly content: Buffer }

type ContentKind = 'links' | 'keys' | 'hooks' | 'hosts' | 'audit' | 'clicks'

const decompress = promisify(zstdDecompress)
const KIND_OF = new Map<number, BlockKind>(
  Object.entries(BLOCK_KINDS).map(([kind, byte]) => [byte, kind as BlockKind]),
)
/** zstd makes nothing longer by more than this. */
const STORED_BYTES_MAX = BLOCK_BYTES_MAX + 2 ** 17

/** @throws BackupError, and what `source` throws */
export async function* readBackup(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<BackupBlock, void> {
  const bytes = new ByteQueue(source)
  const digest = createHash('sha256')
  const take = async (length: number) => {
    const taken = await bytes.take(length)
    if (taken === undefined) throw new BackupError(`is cut off: it ends at byte ${bytes.taken}`)
    return taken
  }
  digest.update(await takePrefix(bytes))
  let positions: readonly number[] = []
  for (let isFirst = true; ; isFirst = false) {
    const at = bytes.taken
    const head = await take(BLOCK_HEAD_BYTES)
    const length = head.readUInt32BE(1)
    const isPossible = length <= STORED_BYTES_MAX && head.readUInt32BE(5) <= BLOCK_BYTES_MAX
    const stored = isPossible ? await take(length) : undefined
    if (stored === undefined || checksumOf(head, stored) !== head.readUInt32BE(9)) {
      throw new BackupError(`is damaged: the block at byte ${at} is not as it was written`)
    }
    const sha256 = head[0] === BLOCK_KINDS.moment ? digest.copy().digest('hex') : ''
    digest.update(head).update(stored)
    const block = await blockOf(head, stored, at, { sha256, positions })
    if (block.kind === 'moment') ({ positions } = block.end)
    if (isFirst !== (block.kind === 'header')) {
      throw new BackupError(`is damaged: its header is not where it begins`)
    }
    if (block.kind === 'end') {
      const written = await take(DIGEST_BYTES)
      const isWhole = written.equals(digest.digest()) && (await bytes.take(1)) === undefined
      if (!isWhole) throw new BackupError('is damaged: its digest at the end is not right')
      yield block
      return
    }
    yield block
  }
}

async function takePrefix(bytes: ByteQueue): Promise<Buffer> {
  const start = await bytes.take(PREFIX_BYTES)
  if (start === undefined || !start.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BackupError('is no backup of Tinygrid')
  }
  const version = start.readUInt16BE(MAGIC.length)
  if (version >= FORMAT_VERSION_OLDEST && version <= FORMAT_VERSION) return start
  throw new BackupError(
    `has version ${version} of the form, this program knows ${FORMAT_VERSION}; take the version that made it`,
  )
}

interface Before {
  readonly sha256: string
  readonly positions: readonly number[]
}

async function blockOf(
  head: Buffer,
  stored: Buffer,
  at: number,
  before: Before,
): Promise<BackupBlock> {
  const kind = KIND_OF.get(head[0]!)
  const content = await contentOf(head, stored)
  if (kind === undefined || content === undefined) {
    throw new BackupError(`is damaged: the block at byte ${at} cannot be read`)
  }
  switch (kind) {
    case 'header':
      return { kind, header: JSON.parse(content.toString()) as BackupHeader }
    case 'end':
      return { kind, end: JSON.parse(content.toString()) as BackupEnd }
    case 'moment':
      return { kind, end: momentIn(content, before) }
    case 'progress':
      return { kind, share: (JSON.parse(content.toString()) as { share: number }).share }
    case 'failure': {
      const { detail } = JSON.parse(content.toString()) as { detail: string }
      throw new BackupError(`is not whole: the server could not go on (${detail})`)
    }
    case 'links':
    case 'keys':
    case 'hooks':
    case 'hosts':
    case 'audit':
    case 'clicks':
      return { kind, content }
  }
}

/** @throws BackupError */
function momentIn(content: Buffer, before: Before): BackupEnd {
  const {
    sha256,
    positions = before.positions,
    ...rest
  } = JSON.parse(content.toString()) as WrittenMoment
  if (sha256 === before.sha256) return { ...rest, positions }
  throw new BackupError('is damaged: the digest of a moment is not right')
}

async function contentOf(head: Buffer, stored: Buffer): Promise<Buffer | undefined> {
  try {
    const content = await decompress(stored, { maxOutputLength: BLOCK_BYTES_MAX })
    return content.length === head.readUInt32BE(5) ? content : undefined
  } catch {
    return undefined
  }
}
