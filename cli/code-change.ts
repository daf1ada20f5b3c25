/**
 * Codes of other shorteners that cannot be kept, and what `--adapt-codes` makes of them.
 *
 * A code of ours has 1 to CODE_LENGTH_MAX characters of A-Z, a-z, 0-9, - and _ and is no reserved word.
 * The changed code follows from the old one alone, so an import that is repeated or resumed makes the same
 * again. Two that become one are a conflict, which the server refuses for the second: nothing is overwritten.
 */
import { CODE_LENGTH_MAX, parseCode } from '../links/ids.ts'
import { isReserved } from '../links/reserved-codes.ts'
import type { InputItem } from './link-input.ts'

export type CodeFault = 'reserved' | 'too long' | 'other characters'

/** undefined: it can be kept. */
export function codeFault(code: string): CodeFault | undefined {
  if (isReserved(code)) return 'reserved'
  if (parseCode(code) !== undefined) return undefined
  return /^[A-Za-z0-9_-]+$/.test(code) ? 'too long' : 'other characters'
}

/** Gives the code itself where that can be kept. */
export function adaptedCode(code: string): string {
  const plain = code.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, CODE_LENGTH_MAX)
  return isReserved(plain) || plain === '' ? `${plain}-1` : plain
}

export async function* withAdaptedCodes(
  items: AsyncIterable<InputItem>,
): AsyncGenerator<InputItem> {
  for await (const item of items) {
    const { content } = item
    const code = 'link' in content ? content.link.code : undefined
    if (!('link' in content) || typeof code !== 'string') yield item
    else
      yield { ...item, content: { ...content, link: { ...content.link, code: adaptedCode(code) } } }
  }
}
