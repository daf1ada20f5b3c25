/**
 * Whether a link is what a search is after: the one rule for all link stores.
 *
 * Used by `list-filter.ts`; pure. A search is a part of the code, the URL, the title or a tag, as a
 * person sees it or pastes it. A URL is stored in ASCII; so it is also looked at as browsers show it
 * (host in Unicode, path and query decoded), and so is the text that is searched for. Case does not
 * matter, in any script: `ß` and `SS`, `Σ` and `ς` are the same.
 *
 * Rejected: a search for the stored form alone, which finds no `bücher.example` and no `/größe`; an
 * index over folded text, which would cost every write.
 */
import { domainToUnicode } from 'node:url'
import type { Link } from './link.ts'

const NOT_ASCII = /[^ -~]/
const PUNYCODE_LABELS = /xn--[a-z0-9-]+/gi
const ESCAPES = /(?:%[0-9a-f]{2})+/gi
const WHITE_SPACE = /\s+/g

export class LinkSearch {
  /** Invariant: folded; each once. */
  readonly #needles: readonly string[]

  constructor(text: string) {
    const plain = text.trim().replaceAll(WHITE_SPACE, ' ')
    // What browsers make of an address that was typed or pasted: the host in small letters, and so on.
    const href = /^https?:/i.test(plain) ? URL.parse(plain)?.href : undefined
    const forms = [plain, shownUrl(plain), ...(href === undefined ? [] : [shownUrl(href)])]
    this.#needles = [...new Set(forms.map(fold))]
  }

  matches({ code, url, title, tags }: Link): boolean {
    if (this.#isIn(code) || this.#isIn(url)) return true
    if (title !== null && this.#isIn(title)) return true
    if (tags.some((tag) => this.#isIn(tag))) return true
    const shown = shownUrl(url)
    return shown !== url && this.#isIn(shown)
  }

  #isIn(text: string): boolean {
    const folded = fold(text)
    return this.#needles.some((needle) => folded.includes(needle))
  }
}

/** Without regard to case, and to how an accent is put on its letter. */
function fold(text: string): string {
  return NOT_ASCII.test(text)
    ? text.toLowerCase().toUpperCase().normalize('NFC')
    : text.toUpperCase()
}

/** A URL, or a part of one, as browsers show it. */
function shownUrl(url: string): string {
  const decoded = url.includes('%') ? url.replaceAll(ESCAPES, decodeEscapes) : url
  if (!/xn--/i.test(decoded)) return decoded
  return decoded.replaceAll(PUNYCODE_LABELS, (label) => domainToUnicode(label) || label)
}

/** Bytes that are no UTF-8 stay as they are written. */
function decodeEscapes(escapes: string): string {
  const text = Buffer.from(escapes.replaceAll('%', ''), 'hex').toString()
  return text.includes('\ufffd') ? escapes : text
}
