/**
 * Messages that a webhook's receiver did not take for a day: kept for people to see, and to send again.
 *
 * A letter says where in the click log its events lie, not what they are: the log has them for as long as it
 * keeps anything. Only thresholds, which lie nowhere, are kept as they are.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { HookMessage } from './hook-message.ts'
import { SAVED_VALUE_MAX, type SavedValues } from './saved-values.ts'
import type { LogSpan } from './log-cursor.ts'

const LETTERS_MAX = 100
const MESSAGE_LENGTH_MAX = SAVED_VALUE_MAX / 2
const NUMBER_DIGITS = 12

export interface HookLetter {
  readonly messageId: string
  readonly at: EpochMs
  readonly attempts: number
  readonly reason: string
  /** Where its events are; undefined: in the message. */
  readonly span?: LogSpan
  readonly message?: HookMessage
}

export class DeadLetters {
  readonly #saved: SavedValues
  readonly #prefix: string

  constructor(saved: SavedValues, webhookId: string) {
    this.#saved = saved
    this.#prefix = `letter.${webhookId}.`
  }

  /** By name, oldest first. */
  async all(): Promise<ReadonlyMap<string, HookLetter>> {
    const letters = new Map<string, HookLetter>()
    for (const [name, text] of await this.#saved.list(this.#prefix)) {
      letters.set(name, JSON.parse(text) as HookLetter)
    }
    return letters
  }

  /** The oldest give way. Of a message that is too long for a letter only the rest is kept. */
  async add({ message, ...rest }: HookLetter): Promise<void> {
    const isShort = JSON.stringify(message ?? '').length <= MESSAGE_LENGTH_MAX
    const letter = message !== undefined && isShort ? { ...rest, message } : rest
    const names = [...(await this.#saved.list(this.#prefix)).keys()]
    const newest = Number(names.at(-1)?.slice(this.#prefix.length) ?? -1)
    const number = String(newest + 1).padStart(NUMBER_DIGITS, '0')
    await this.#saved.put(this.#prefix + number, JSON.stringify(letter))
    for (const name of names.slice(0, Math.max(0, names.length + 1 - LETTERS_MAX))) {
      await this.#saved.remove(name)
    }
  }

  remove(name: string): Promise<void> {
    return this.#saved.remove(name)
  }

  async removeAll(): Promise<void> {
    for (const name of (await this.#saved.list(this.#prefix)).keys()) await this.remove(name)
  }
}
