/** Whether an input is known again, and read from its first byte although its head was read ahead. */
import { Readable } from 'node:stream'
import test from 'ava'
import { isSameInput, readAhead } from './input.ts'

function streamOf(...parts: string[]): Readable {
  return Readable.from(parts.map((part) => Buffer.from(part)))
}

async function contentOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

test('all of the input follows its head, which is bounded', async (t) => {
  const long = 'x'.repeat(50_000)
  const input = await readAhead(streamOf('abc', long, long, 'end'), null)
  t.true(input.head.toString().startsWith('abcx'))
  t.is(input.head.length, 64 * 1024)
  t.is(await contentOf(input.chunks), `abc${long}${long}end`)
})

test('an empty input is one', async (t) => {
  const input = await readAhead(streamOf(), 0)
  t.is(input.head.length, 0)
  t.is(await contentOf(input.chunks), '')
})

test('the same beginning and size are the same input, however it arrives', async (t) => {
  const one = await readAhead(streamOf('abc', 'def'), 6)
  const other = await readAhead(streamOf('abcdef'), 6)
  t.true(isSameInput(one.identity, other.identity))
})

test('another beginning or another size is another input', async (t) => {
  const one = await readAhead(streamOf('abcdef'), 6)
  t.false(isSameInput(one.identity, (await readAhead(streamOf('abcdeg'), 6)).identity))
  t.false(isSameInput(one.identity, (await readAhead(streamOf('abcdef'), 7)).identity))
  t.false(isSameInput(one.identity, (await readAhead(streamOf('abcdef'), null)).identity))
})

test('a reader that stops early closes the input', async (t) => {
  const stream = streamOf('a', 'b', 'c')
  const input = await readAhead(stream, null)
  const reader = input.chunks[Symbol.asyncIterator]()
  await reader.next()
  await reader.return?.()
  t.true(stream.destroyed)
})
