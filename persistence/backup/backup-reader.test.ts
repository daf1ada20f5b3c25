/** Whatever is cut or changed in a backup is met before its end is told. */
import { createHash } from 'node:crypto'
import test from 'ava'
import * as fc from 'fast-check'
import type { LinkVersion } from '../../links/link-record.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { DIGEST_BYTES, PREFIX_BYTES, type BackupEnd, type BackupHeader } from './backup-format.ts'
import { BackupError, readBackup, type BackupBlock } from './backup-reader.ts'
import { BackupWriter } from './backup-writer.ts'
import { linkBlocks, linksIn } from './link-block.ts'

const HEADER: BackupHeader = {
  product: 'tinygrid',
  version: '1.2.3',
  way: 'embedded',
  identity: 'abc',
  partitions: 16,
  codeCase: 'sensitive',
  startedAt: '2030-01-01T00:00:00.000Z',
}
const END: BackupEnd = {
  takenAt: '2030-01-01T00:00:01.000Z',
  positions: Array.from({ length: 16 }, (_, id) => id),
  versions: 3,
  damaged: [],
  damagedCount: 0,
  keys: 0,
  clicksBytes: 0,
  clicksLeftOut: null,
}
const VERSIONS = ['a', 'bb', 'ccc'].map((code, index) => linkVersion(code, index + 7))

function contentsOf(versions: readonly LinkVersion[]): Buffer[] {
  const steps = linkBlocks(versions)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

async function sample(): Promise<Buffer> {
  const writer = new BackupWriter()
  const parts = [await writer.begin(HEADER), await writer.json('progress', { share: 0.5 })]
  for (const content of contentsOf(VERSIONS)) parts.push(await writer.block('links', content))
  return Buffer.concat([...parts, await writer.end(END)])
}

async function* piecesOf(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function read(bytes: Buffer, pieceLength = 1000): Promise<BackupBlock[]> {
  const blocks: BackupBlock[] = []
  for await (const block of readBackup(piecesOf(bytes, pieceLength))) blocks.push(block)
  return blocks
}

test('what was written is read, however it arrives', async (t) => {
  const bytes = await sample()
  for (const pieceLength of [1, 7, 100_000]) {
    const [header, progress, links, end, ...more] = await read(bytes, pieceLength)
    t.deepEqual(header, { kind: 'header', header: HEADER })
    t.deepEqual(progress, { kind: 'progress', share: 0.5 })
    t.is(links!.kind, 'links')
    t.deepEqual(linksIn((links as { content: Buffer }).content), VERSIONS)
    t.deepEqual(end, { kind: 'end', end: END })
    t.deepEqual(more, [])
  }
})

test('wherever it is cut off, it is refused before its end', async (t) => {
  const bytes = await sample()
  for (let length = 0; length < bytes.length; length++) {
    const error = await t.throwsAsync(read(bytes.subarray(0, length)), { instanceOf: BackupError })
    t.regex(error.message, length < PREFIX_BYTES ? /no backup/ : /is cut off: it ends at byte \d+/)
  }
})

test('whichever byte is changed, it is refused before its end', async (t) => {
  const bytes = await sample()
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= by
      await t.throwsAsync(read(changed), { instanceOf: BackupError })
    }),
    { numRuns: 400, seed: 5 },
  )
  await t.throwsAsync(read(Buffer.concat([bytes, Buffer.from('x')])), { message: /digest/ })
})

test('one of the form before is read', async (t) => {
  const older = await sample()
  older.writeUInt16BE(1, 8)
  const all = older.subarray(0, -DIGEST_BYTES)
  const bytes = Buffer.concat([all, createHash('sha256').update(all).digest()])
  t.deepEqual((await read(bytes)).at(-1), { kind: 'end', end: END })
})

test('one of a newer form, and what a server could not finish, say what they are', async (t) => {
  const newer = await sample()
  newer.writeUInt16BE(3, 8)
  await t.throwsAsync(read(newer), { message: /^has version 3 of the form, this program knows 2/ })
  const writer = new BackupWriter()
  const begun = await writer.begin(HEADER)
  const failed = Buffer.concat([begun, await writer.json('failure', { detail: 'no store' })])
  await t.throwsAsync(read(failed), { message: /is not whole: the server could not.*no store/ })
})
