/**
 * The tokens of an SQL dump as mysqldump and phpMyAdmin write it: names, texts, words and marks.
 *
 * Text may come in pieces that end anywhere, so this is a machine that is given one character after another.
 * MySQL's escapes within texts are undone, `''` too; comments are passed over, also those that MySQL
 * would run (`/*!40101 ... *\/`), because they set what a reader has no use for.
 */
import { LINE_BYTES_MAX } from '../lines.ts'

export interface SqlToken {
  /** name: in backticks. text: in quotes. word: bare, also numbers. mark: one character. */
  readonly kind: 'name' | 'text' | 'word' | 'mark'
  /** Cut at LINE_BYTES_MAX characters. */
  readonly value: string
}

type State = 'between' | 'word' | 'quoted' | 'line comment' | 'block comment'

const ESCAPES: Readonly<Record<string, string>> = {
  0: '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001A',
}
const QUOTES = `'"\``
const WORD = /[\w$.+-]/

export class SqlTokens {
  #state: State = 'between'
  #value = ''
  #quote = ''
  /** The last character of a quoted one was a backslash; or a quote, which may be the first of two. */
  #pending: 'escape' | 'quote' | undefined
  /** Of a comment, or before one. */
  #last = ''

  /** The tokens that end with this character: its own comes last. */
  add(character: string): SqlToken[] {
    const last = this.#last
    this.#last = character
    switch (this.#state) {
      case 'quoted':
        return this.#addQuoted(character)
      case 'line comment':
        if (character === '\n') this.#state = 'between'
        return []
      case 'block comment':
        if (last === '*' && character === '/') this.#state = 'between'
        return []
      case 'word':
      case 'between':
        return this.#addBare(character, last)
    }
  }

  #addBare(character: string, last: string): SqlToken[] {
    if (WORD.test(character)) {
      this.#state = 'word'
      this.#append(character)
      if (this.#value === '--') this.#begin('line comment')
      return []
    }
    const before = this.#endWord()
    if (QUOTES.includes(character)) {
      this.#begin('quoted')
      this.#quote = character
    } else if (character === '#') this.#begin('line comment')
    else if (character === '*' && last === '/') {
      this.#begin('block comment')
      this.#last = ''
    } else if (character !== '/' && character.trim() !== '') {
      before.push({ kind: 'mark', value: character })
    }
    return before
  }

  #addQuoted(character: string): SqlToken[] {
    if (this.#pending === 'escape') {
      this.#pending = undefined
      this.#append(ESCAPES[character] ?? character)
    } else if (this.#pending === 'quote') {
      this.#pending = undefined
      if (character !== this.#quote) {
        const token = { kind: this.#quote === '`' ? 'name' : 'text', value: this.#value } as const
        this.#begin('between')
        return [token, ...this.add(character)]
      }
      this.#append(character)
    } else if (character === this.#quote) this.#pending = 'quote'
    else if (character === '\\' && this.#quote !== '`') this.#pending = 'escape'
    else this.#append(character)
    return []
  }

  #endWord(): SqlToken[] {
    if (this.#state !== 'word') return []
    const token = { kind: 'word', value: this.#value } as const
    this.#begin('between')
    return [token]
  }

  #begin(state: State): void {
    this.#state = state
    this.#value = ''
  }

  #append(part: string): void {
    if (this.#value.length < LINE_BYTES_MAX) this.#value += part
  }
}
