/** A watch of a bucket whose answers come in an awkward order: no deletion may be missed. */
import test, { type ExecutionContext } from 'ava'
import type { KV, KvEntry, NatsConnection } from 'nats'
import type { KeyValueEntry } from '../membership/key-value.ts'
import { KeyValueWatch } from './nats-key-value-watch.ts'

/** A bucket whose changes the test makes, and whose answers about its state it can hold back. */
class Bucket {
  readonly #entries = new Map<string, { operation: 'PUT' | 'DEL'; revision: number }>()
  readonly #watches = new Set<(entry: KvEntry) => void>()
  revision = 0
  watchesBegun = 0
  /** Changes are not told to watches that stand. */
  isMute = false
  /** Awaited between the reading of the state and its answer. */
  beforeAnswer: () => Promise<void> = async () => {}
  readonly connection = { isClosed: () => false, status: never } as unknown as NatsConnection
  readonly kv = { watch: async () => this.#watch() } as unknown as KV

  change(key: string, operation: 'PUT' | 'DEL'): void {
    this.#entries.set(key, { operation, revision: ++this.revision })
    if (!this.isMute) for (const tell of this.#watches) tell(this.#entry(key, 0))
  }

  readState = async () => {
    const state = { lastRevision: this.revision, isEmpty: this.#entries.size === 0 }
    await this.beforeAnswer()
    return state
  }

  #entry(key: string, delta: number): KvEntry {
    const { operation, revision } = this.#entries.get(key)!
    const entry = { key, operation, revision, delta, created: new Date(), string: valueOf }
    return entry as unknown as KvEntry
  }

  #watch() {
    this.watchesBegun++
    const keys = [...this.#entries.keys()]
    const waiting = keys.map((key, index) => this.#entry(key, keys.length - 1 - index))
    let wake = ignore
    const tell = (entry: KvEntry) => {
      waiting.push(entry)
      wake()
    }
    this.#watches.add(tell)
    const stop = () => this.#watches.delete(tell)
    const read = async function* () {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()!
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
    return Object.assign(read(), { stop })
  }
}

const valueOf = () => 'value'
const ignore = () => {}
/** A connection that is never lost. */
const never = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(ignore) }) })

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isSo() && Date.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** What a watch tells of a bucket that begins with these keys. */
async function watchKeys(
  t: ExecutionContext,
  bucket: Bucket,
  keys: readonly string[],
  onError?: (error: unknown) => void,
) {
  for (const key of keys) bucket.change(key, 'PUT')
  const told: KeyValueEntry[] = []
  const watch = new KeyValueWatch({
    connection: bucket.connection,
    kv: bucket.kv,
    readState: bucket.readState,
    removeMark: ignore,
    marksKeptMs: 3_600_000,
    onEntry: (entry) => told.push(entry),
    onCurrent: ignore,
    onError,
  })
  t.teardown(() => watch.stop())
  await watch.begin()
  await until(() => told.length === keys.length)
  return told
}

test('a change that overtakes the answer about the bucket is no sign of lost ones', async (t) => {
  const bucket = new Bucket()
  const told = await watchKeys(t, bucket, ['a', 'b'])
  let answers = 0
  bucket.beforeAnswer = async () => {
    if (++answers > 1) return
    bucket.change('b', 'PUT')
    await until(() => told.at(-1)?.revision === bucket.revision)
  }
  await until(() => answers >= 3)
  t.is(bucket.watchesBegun, 1)
})

test('a key that is deleted while the server has lost changes is told of', async (t) => {
  const bucket = new Bucket()
  const told = await watchKeys(t, bucket, ['a', 'b', 'c'])
  bucket.revision = 1
  bucket.isMute = true
  bucket.change('a', 'DEL')
  await until(() => told.some(({ key, value }) => key === 'a' && value === undefined))
  t.true(told.some(({ key, value }) => key === 'a' && value === undefined))
})

test('what nobody expects of the server is told and tried again, and ends nothing', async (t) => {
  const bucket = new Bucket()
  const errors: unknown[] = []
  await watchKeys(t, bucket, ['a'], (error) => errors.push(error))
  bucket.beforeAnswer = async () => {
    bucket.beforeAnswer = async () => {}
    throw new TypeError('odd')
  }
  await until(() => errors.length > 0)
  t.true(errors[0] instanceof TypeError)
  bucket.change('a', 'PUT')
  t.is(errors.length, 1)
})
