/**
 * Whose an LMDB environment is: the process that opened it last, and no other.
 *
 * Used by `lmdb-environment.ts` for each commit. Who opens an environment to write leaves a token in
 * it; a commit takes effect only if the token, as LMDB finds it within the transaction, still is that
 * one. The lock of the directory (`directory-lock.ts`) keeps a second process out; this is for when
 * somebody has removed that lock:
 *   1. A is stopped in the middle of a write    2. the lock is removed, B opens and acknowledges
 *   3. A goes on: its transaction finds B's token and does nothing, so A acknowledges nothing
 * What A committed before 2 is what B has read. LMDB's own lock makes transactions of two processes
 * follow each other, as long as both have the same file of it; so a holder also stops when that file
 * or the data is not the one any more that it opened.
 *
 * Rejected: to compare before the transaction, since a process can be stopped in between; a record
 * lock of the system, which Node has no call for.
 */
import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import path from 'node:path'
import type { Database } from 'lmdb'

const HOLDER = Buffer.from('holder')
/** Where the driver keeps data and readers. */
const FILE_NAMES = ['data.mdb', 'lock.mdb']
const TOKEN_MAX = 2 ** 48 - 1
/** How soon a holder that writes nothing notices that it is none. */
const CHECK_INTERVAL_MS = 500

/** Another process has opened the environment, or its files were replaced. */
export class NotHeldError extends Error {
  override readonly name = 'NotHeldError'
}

export class LmdbHolder {
  readonly #facts: Database<Buffer, Buffer>
  readonly #token = randomInt(1, TOKEN_MAX)
  readonly #files: readonly string[]
  readonly #inodes: string
  readonly #onLost: () => void
  #timer: NodeJS.Timeout | undefined
  #isLost = false
  #isClosed = false

  /** @param facts with versions: a token is one */
  constructor(facts: Database<Buffer, Buffer>, directory: string, onLost: () => void) {
    this.#facts = facts
    this.#files = FILE_NAMES.map((name) => path.join(directory, name))
    this.#inodes = this.#findInodes()
    this.#onLost = onLost
  }

  /** Within a transaction: takes the environment from whoever had it. */
  take(): void {
    void this.#facts.put(HOLDER, Buffer.alloc(0), this.#token)
  }

  /** From now on, when `take` is committed, this is looked after without commits too. */
  watch(): void {
    // Its environment may be closed before that.
    if (this.#isClosed) return
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref()
  }

  /** Before a commit. @throws NotHeldError */
  assertHeld(): void {
    if (this.#isLost || this.#findInodes() !== this.#inodes) throw this.#lose()
  }

  /** Within a transaction: the changes, if this still is the holder; else rejects. */
  async guard(changes: () => void): Promise<void> {
    if (!(await this.#facts.ifVersion(HOLDER, this.#token, changes))) throw this.#lose()
  }

  /** It looks into its environment no more, which may be closed then. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
  }

  #check(): void {
    if (this.#isLost) return
    const isHeld = this.#facts.getEntry(HOLDER)?.version === this.#token
    if (!isHeld || this.#findInodes() !== this.#inodes) this.#lose()
  }

  #lose(): NotHeldError {
    this.close()
    if (!this.#isLost) this.#onLost()
    this.#isLost = true
    return new NotHeldError('Another process has opened the data directory, or it was replaced')
  }

  #findInodes(): string {
    const found = this.#files.map((file) => statSync(file, { throwIfNoEntry: false })?.ino)
    return found.join()
  }
}
