/**
 * What an import reads: a file or standard input, with what tells it from another one.
 *
 * The beginning is read ahead, for the format to be seen in it and for its hash; the stream then
 * starts from the first byte again. Two inputs count as the same if size and beginning are: to read
 * all of it twice would double the work, and a changed end shows in the size.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CommandError } from './command-error.ts'

export const STANDARD_INPUT = '-'
const HEAD_BYTES = 64 * 1024

export interface InputIdentity {
  /** null: not known, it comes through a pipe. */
  readonly bytes: number | null
  readonly headSha256: string
}

export interface Input {
  readonly identity: InputIdentity
  /** The first HEAD_BYTES, or all of it. */
  readonly head: Buffer
  /** Everything, from the first byte. To be read once. */
  readonly chunks: AsyncIterable<Buffer>
}

/** @param path a file, or `-` for standard input */
export async function openInput(path: string): Promise<Input> {
  const bytes = path === STANDARD_INPUT ? null : await sizeOf(path)
  return readAhead(path === STANDARD_INPUT ? process.stdin : createReadStream(path), bytes)
}

/** The input that a stream of `bytes` bytes is, with its beginning read ahead. */
export async function readAhead(stream: Readable, bytes: number | null): Promise<Input> {
  const rest = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const parts: Buffer[] = []
  let gathered = 0
  while (gathered < HEAD_BYTES) {
    const next = await rest.next()
    if (next.done === true) break
    parts.push(next.value)
    gathered += next.value.length
  }
  const read = Buffer.concat(parts)
  const head = read.subarray(0, HEAD_BYTES)
  const headSha256 = createHash('sha256').update(head).digest('hex')
  return { identity: { bytes, headSha256 }, head, chunks: resume(read, rest) }
}

export function isSameInput(one: InputIdentity, other: InputIdentity): boolean {
  return one.bytes === other.bytes && one.headSha256 === other.headSha256
}

async function* resume(read: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield read
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (!found.isFile()) throw new CommandError(`${path} is not a file`)
    return found.size
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
