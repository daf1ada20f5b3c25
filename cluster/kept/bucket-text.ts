/**
 * A text in the cluster's private bucket: the adapter of `kept-text.ts` that all nodes share.
 *
 * The bucket is watched, so every node hears of a change in milliseconds; while NATS is away nodes go on with
 * what they know. Two that change it at once are decided by the revision: whoever comes second
 * reads what the first has written and makes its change of that.
 */
import assert from 'node:assert/strict'
import { hasCode } from '../../links/errors.ts'
import type { KeyValue, StopWatch } from '../membership/key-value.ts'
import { KEPT_TEXT_BYTES_MAX, type KeptText } from './kept-text.ts'

const TRIES_MAX = 5

export class BucketText implements KeptText {
  readonly #keyValue: KeyValue
  readonly #key: string
  readonly #listeners = new Set<() => void>()
  #seen: { readonly value: string | undefined; readonly revision: number } = {
    value: undefined,
    revision: 0,
  }
  #stop: StopWatch = () => {}

  private constructor(keyValue: KeyValue, key: string) {
    this.#keyValue = keyValue
    this.#key = key
  }

  /** Resolves when what there is is known. @param keyValue stays its owner's */
  static async open(keyValue: KeyValue, key: string): Promise<BucketText> {
    const text = new BucketText(keyValue, key)
    await new Promise<void>((resolve, reject) => {
      const watching = keyValue.watch((entry) => {
        if (entry.key === key) text.#note(entry.value, entry.revision)
      }, resolve)
      watching.then((stop) => (text.#stop = stop), reject)
    })
    return text
  }

  get current(): string | undefined {
    return this.#seen.value
  }

  async change(make: (text: string | undefined) => string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const entry = await this.#keyValue.get(this.#key)
      const value = make(entry?.value)
      assert(Buffer.byteLength(value) <= KEPT_TEXT_BYTES_MAX, 'a kept text is too long')
      try {
        const revision =
          entry?.value === undefined
            ? await this.#keyValue.create(this.#key, value)
            : await this.#keyValue.update(this.#key, value, entry.revision)
        return this.#note(value, revision)
      } catch (error) {
        if (!hasCode(error, 'key_value_conflict') || tries === TRIES_MAX) throw error
      }
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#stop()
  }

  /** What the watch tells may be older than what was written here, or the same. */
  #note(value: string | undefined, revision: number): void {
    if (revision <= this.#seen.revision) return
    this.#seen = { value, revision }
    for (const listener of this.#listeners) listener()
  }
}
