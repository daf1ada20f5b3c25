/**
 * The store reads of one partition: one in flight per code, and who waits for it.
 *
 * Used by the partition actor for links that are not in memory. Pure bookkeeping; the actor asks
 * the host to read. Readers are answered when the read ends, writes go back to the mailbox, for
 * which it is kept what the store said:
 *   1. the read ends with v1, which memory takes    2. memory is full, and v1 is evicted again
 *   3. the write is decided: asked of memory, it would have to be read once more, and so on
 */
import assert from 'node:assert/strict'
import type { Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'

/** purged: the store has a tombstone. */
export type Absence = 'never given' | 'purged'

interface StoreRead<Reader, Write> {
  readonly readers: Reader[]
  readonly writes: Write[]
  /** A write to the code was applied since the read began: what the store said may be old. */
  isOvertaken: boolean
}

export class StoreReads<Reader, Write> {
  readonly #reads = new Map<Code, StoreRead<Reader, Write>>()
  /** For writes that waited. Invariant: nothing newer of these codes was applied since. */
  readonly #said = new Map<Code, Link | Absence>()

  /** Lets a reader wait; true if a store read has to be started for it. */
  addReader(code: Code, reader: Reader): boolean {
    const { read, isNew } = this.#open(code)
    read.readers.push(reader)
    return isNew
  }

  /** Lets a write wait; true if a store read has to be started for it. */
  addWrite(code: Code, write: Write): boolean {
    const { read, isNew } = this.#open(code)
    read.writes.push(write)
    return isNew
  }

  has(code: Code): boolean {
    return this.#reads.has(code)
  }

  /** A write to this code was applied. */
  overtake(code: Code): void {
    this.#said.delete(code)
    const read = this.#reads.get(code)
    if (read !== undefined) read.isOvertaken = true
  }

  /** Whether the read that just ended was overtaken; if so it counts as a fresh one from now. */
  restartIfOvertaken(code: Code): boolean {
    const read = this.#get(code)
    const wasOvertaken = read.isOvertaken
    read.isOvertaken = false
    return wasOvertaken
  }

  /** Ends the read and hands out who waited for it. */
  end(code: Code, said?: Link | Absence): { readers: readonly Reader[]; writes: readonly Write[] } {
    const read = this.#get(code)
    this.#reads.delete(code)
    if (said !== undefined && read.writes.length > 0) this.#said.set(code, said)
    return read
  }

  /** What the store said; undefined: it was not asked. */
  saidOf(code: Code): Link | Absence | undefined {
    return this.#said.get(code)
  }

  knownOf(code: Code): Link | 'absent' | 'unknown' {
    const said = this.#said.get(code) ?? 'unknown'
    return said === 'never given' || said === 'purged' ? 'absent' : said
  }

  /** Nobody waits any more. */
  forgetSaid(): void {
    this.#said.clear()
  }

  /** Ends all of them and hands out everybody who waited. */
  endAll(): { readers: Reader[]; writes: Write[] } {
    const reads = [...this.#reads.values()]
    this.#reads.clear()
    return {
      readers: reads.flatMap(({ readers }) => readers),
      writes: reads.flatMap(({ writes }) => writes),
    }
  }

  #get(code: Code): StoreRead<Reader, Write> {
    const read = this.#reads.get(code)
    assert(read !== undefined, 'the store answered what was not asked')
    return read
  }

  #open(code: Code): { read: StoreRead<Reader, Write>; isNew: boolean } {
    const found = this.#reads.get(code)
    if (found !== undefined) return { read: found, isNew: false }
    const read = { readers: [], writes: [], isOvertaken: false }
    this.#reads.set(code, read)
    return { read, isNew: true }
  }
}
