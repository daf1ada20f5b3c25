/** Whether an input is cut so that each chunk fits one request, and goes on where it was left. */
import test from 'ava'
import { BULK_ITEMS_MAX } from './bulk-sender.ts'
import { CHUNK_BYTES_MAX, chunksOf } from './chunks.ts'
import type { InputItem } from './link-input.ts'

async function* items(count: number, bytesEach: number): AsyncGenerator<InputItem> {
  for (let line = 1; line <= count; line++) {
    yield {
      line,
      endByte: line * bytesEach,
      columnOf: () => undefined,
      content: { link: { url: `https://a.example/${line}` } },
    }
  }
}

async function cut(count: number, bytesEach: number, skip = 0) {
  const chunks: (readonly InputItem[])[] = []
  for await (const chunk of chunksOf(items(count, bytesEach), skip)) chunks.push(chunk)
  return chunks
}

const sizes = (chunks: readonly (readonly InputItem[])[]) => chunks.map((chunk) => chunk.length)

test('a chunk holds as many links as a request may', async (t) => {
  t.deepEqual(sizes(await cut(2 * BULK_ITEMS_MAX + 5, 50)), [BULK_ITEMS_MAX, BULK_ITEMS_MAX, 5])
  t.deepEqual(sizes(await cut(BULK_ITEMS_MAX, 50)), [BULK_ITEMS_MAX])
  t.deepEqual(sizes(await cut(0, 50)), [])
})

test('a chunk of long lines holds fewer', async (t) => {
  t.deepEqual(sizes(await cut(10, CHUNK_BYTES_MAX / 4)), [4, 4, 2])
  t.deepEqual(sizes(await cut(2, CHUNK_BYTES_MAX * 3)), [1, 1])
})

test('what is done already is passed over', async (t) => {
  const chunks = await cut(10, CHUNK_BYTES_MAX / 4, 3)
  t.deepEqual(sizes(chunks), [4, 3])
  t.is(chunks[0]![0]!.line, 4)
})
