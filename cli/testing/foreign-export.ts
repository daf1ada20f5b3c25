/** Reads an export of another product from a text that comes in small pieces, for the tests. */
import { Readable } from 'node:stream'
import { foreignInputOf, readForeign } from '../foreign/foreign-input.ts'
import type { InputItem } from '../link-input.ts'

/** undefined: it is taken for a file of ours. */
export async function readExport(text: string, from?: string, pieceLength = 7) {
  const found = foreignInputOf(text, from)
  if (found === undefined) return undefined
  const count = Math.ceil(text.length / pieceLength)
  const pieces = Array.from({ length: count }, (_, i) =>
    text.slice(i * pieceLength, (i + 1) * pieceLength),
  )
  const items: InputItem[] = []
  for await (const item of readForeign(found, Readable.from(pieces), '')) items.push(item)
  return { name: found.product.name, items, contents: items.map((item) => item.content) }
}
