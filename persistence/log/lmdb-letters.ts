/**
 * The dead letters of the LMDB log, each under its link's code.
 *
 * Used by `lmdb-log.ts`; what changes them is called within a commit.
 */
import { POSITION_NONE, type LogPosition } from '../../links/ids.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'
import { ownDeadLetter, encodeDeadLetter } from './dead-letter.ts'
import type { DeadLetter } from './log.ts'

export class LmdbLetters {
  readonly #letters: Keyspace

  constructor(letters: Keyspace) {
    this.#letters = letters
  }

  *all(): Generator<DeadLetter> {
    for (const { key, value } of this.#letters.getRange({})) {
      yield ownDeadLetter(key.toString(), value)
    }
  }

  /** Unless there is a later one. */
  keep(letter: DeadLetter): void {
    if (this.#positionOf(letter.key) > letter.position) return
    void this.#letters.put(Buffer.from(letter.key), encodeDeadLetter(letter))
  }

  remove(key: string, upTo: LogPosition): void {
    if (this.#positionOf(key) <= upTo) void this.#letters.remove(Buffer.from(key))
  }

  /** POSITION_NONE if there is no letter. */
  #positionOf(key: string): LogPosition {
    const bytes = this.#letters.getBinary(Buffer.from(key))
    return bytes === undefined ? POSITION_NONE : ownDeadLetter(key, bytes).position
  }
}
