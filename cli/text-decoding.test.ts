/** Whether text comes out as it was written, and what cannot be read is told by its place. */
import { Readable } from 'node:stream'
import test from 'ava'
import * as fc from 'fast-check'
import { CommandError } from './command-error.ts'
import { decodeText, type TextEncoding } from './text-decoding.ts'

async function decode(bytes: Buffer, named?: TextEncoding, pieceBytes = 3): Promise<string> {
  let text = ''
  for await (const piece of decodeText(piecesOf(bytes, pieceBytes), named)) text += piece
  return text
}

function piecesOf(bytes: Buffer, pieceBytes: number): AsyncIterable<Buffer> {
  const count = Math.ceil(bytes.length / pieceBytes)
  return Readable.from(
    Array.from({ length: count }, (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes)),
  )
}

test('text in UTF-8 or UTF-16 comes out as it was, in whatever pieces it arrives', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ü', '€', '😀', '\uFFFD', '\r', '\n') })
  const piece = fc.integer({ min: 1, max: 5 })
  await fc.assert(
    fc.asyncProperty(text, piece, fc.boolean(), async (written, pieceBytes, isMarked) => {
      const marked = isMarked ? `\uFEFF${written}` : written
      t.is(await decode(Buffer.from(marked), undefined, pieceBytes), written)
      const wide = Buffer.from(marked, 'utf16le')
      t.is(await decode(wide, 'utf-16le', pieceBytes), written)
      if (isMarked) t.is(await decode(wide, undefined, pieceBytes), written)
    }),
  )
})

test('the old encodings of Windows are read where they are named', async (t) => {
  const bytes = Buffer.from([0x80, 0x20, 0xfc, 0x20, 0x93])
  t.is(await decode(bytes, 'windows-1252'), '€ ü “')
  t.is(await decode(bytes, 'latin1'), '€ ü “')
})

test('a byte that is not of the encoding is told by line and column', async (t) => {
  const cases: [Buffer, string][] = [
    [Buffer.from('ab\xfc', 'latin1'), 'Line 1, column 3: byte 0xfc'],
    [Buffer.from('a\r\nb\rc\n12\xfc4', 'latin1'), 'Line 4, column 3: byte 0xfc'],
    [
      Buffer.concat([Buffer.from('\uFEFFü\uFFFD'), Buffer.from([0xe2])]),
      'Line 1, column 3: byte 0xe2',
    ],
    [
      Buffer.concat([Buffer.from('ü\n\uFFFDé'), Buffer.from([0x80, 65])]),
      'Line 2, column 3: byte 0x80',
    ],
  ]
  for (const [bytes, place] of cases) {
    for (const pieceBytes of [1, 2, 3, 100]) {
      const error = await t.throwsAsync(decode(bytes, undefined, pieceBytes), {
        instanceOf: CommandError,
      })
      t.true(error.message.startsWith(place), `${error.message} in pieces of ${pieceBytes}`)
      t.regex(error.message, /--encoding/)
    }
  }
  const half = Buffer.concat([
    Buffer.from('ab\n\uFFFD', 'utf16le'),
    Buffer.from([0x00, 0xd8, 65, 0]),
  ])
  await t.throwsAsync(decode(half, 'utf-16le'), { message: /^Line 2, column 2: .*utf-16le/ })
})

test('a byte order mark is believed before what was named, and UTF-16 is not taken for UTF-8', async (t) => {
  await t.throwsAsync(decode(Buffer.from('\uFEFFabc'), 'latin1'), {
    message: /utf-8 by its byte order/,
  })
  await t.throwsAsync(decode(Buffer.from([0xfe, 0xff, 0, 65])), { message: /big-endian/ })
  await t.throwsAsync(decode(Buffer.from('abc', 'utf16le')), { message: /--encoding utf-16le/ })
  t.is(await decode(Buffer.alloc(0)), '')
  t.is(await decode(Buffer.from('a')), 'a')
})
