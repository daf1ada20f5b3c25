/** What every key-value store must do, whatever keeps it. Run by each adapter's test. */
import test, { type ExecutionContext, type SkipFn } from 'ava'
import type { KeyValue, KeyValueEntry } from './key-value.ts'

/** Two nodes' handles on the same, empty store. */
export interface KeyValueSubject {
  readonly one: KeyValue
  readonly two: KeyValue
}

/** What a watcher has been told so far, in order. */
export interface Watched {
  readonly entries: KeyValueEntry[]
  /** How many entries had come when `onCurrent` was called, once for each call. */
  readonly currentAt: number[]
  readonly stop: () => void
}

const conflict = { code: 'key_value_conflict' }
/** A table of many partitions. */
const LARGE = 'ü'.repeat(150_000)

type Story = (
  title: string,
  tell: (t: ExecutionContext, subject: KeyValueSubject) => Promise<void>,
) => void

export function testKeyValueContract(
  name: string,
  create: (t: ExecutionContext) => Promise<KeyValueSubject>,
  run: SkipFn = test,
): void {
  const story: Story = (title, tell) => {
    run(`${name}: ${title}`, async (t) => {
      const subject = await create(t)
      await tell(t, subject)
      await Promise.all([subject.one.close(), subject.two.close()])
    })
  }
  tellOfValues(story)
  tellOfConditions(story)
  tellOfWatching(story)
  tellOfOrder(story)
  tellOfEnds(story)
}

function tellOfValues(story: Story): void {
  story('a key has no value until it is created, and then only once', async (t, { one, two }) => {
    t.is(await one.get('table'), undefined)
    const revision = await one.create('table', 'first')
    await t.throwsAsync(two.create('table', 'second'), conflict)
    t.deepEqual(await two.get('table'), { key: 'table', value: 'first', revision })
  })

  story('any text is a value', async (t, { one, two }) => {
    for (const value of ['', '{"a":"ü"}', LARGE]) {
      const key = `lease.node-${value.length}_x`
      await one.create(key, value)
      t.is((await two.get(key))?.value, value)
    }
  })

  story('an update replaces the revision that it names, and no other', async (t, { one, two }) => {
    const first = await one.create('table', 'first')
    const second = await two.update('table', 'second', first)
    t.true(second > first)
    await t.throwsAsync(one.update('table', 'other', first), conflict)
    await t.throwsAsync(one.update('table', 'other', second + 1), conflict)
    await t.throwsAsync(one.update('none', 'other', second), conflict)
    t.deepEqual(await one.get('table'), { key: 'table', value: 'second', revision: second })
  })

  story('revisions rise from change to change, whatever the key', async (t, { one, two }) => {
    const a = await one.create('a', '1')
    const b = await two.create('b', '1')
    const c = await one.update('a', '2', a)
    t.true(a > 0 && a < b && b < c)
  })
}

function tellOfConditions(story: Story): void {
  story('a delete takes the revision that it names, and no other', async (t, { one, two }) => {
    const revision = await one.create('a', '1')
    await t.throwsAsync(two.delete('a', revision + 1), conflict)
    await t.throwsAsync(two.delete('none', revision), conflict)
    await two.delete('a', revision)
    t.is(await one.get('a'), undefined)
    await t.throwsAsync(one.delete('a', revision), conflict)
    await t.throwsAsync(one.update('a', '2', revision), conflict)
  })

  story('a deleted key can be created again, with a higher revision', async (t, { one, two }) => {
    const revision = await one.create('a', '1')
    await one.delete('a', revision)
    const again = await two.create('a', '2')
    t.true(again > revision)
    await t.throwsAsync(one.create('a', '3'), conflict)
    t.deepEqual(await one.get('a'), { key: 'a', value: '2', revision: again })
  })

  story('of changes that expect the same revision, one succeeds', async (t, { one, two }) => {
    const created = await Promise.allSettled([one, two, one].map((kv) => kv.create('a', '0')))
    t.is(succeeded(created), 1)
    const { revision } = (await one.get('a'))!
    const changes = [
      one.update('a', '1', revision),
      two.update('a', '2', revision),
      two.delete('a', revision),
      one.delete('a', revision),
    ]
    t.is(succeeded(await Promise.allSettled(changes)), 1)
  })
}

function tellOfWatching(story: Story): void {
  story('a watcher is told what there is, and that this was all', async (t, { one, two }) => {
    const gone = await one.create('gone', '1')
    const a = await one.create('a', '1')
    await one.delete('gone', gone)
    const b = await one.create('b', '1')
    const watched = await watch(two)
    await until(t, () => watched.currentAt.length > 0)
    t.deepEqual(watched.entries, [
      { key: 'a', value: '1', revision: a },
      { key: 'b', value: '1', revision: b },
    ])
    t.deepEqual(watched.currentAt, [2])
    watched.stop()
  })

  story('a watcher of an empty store is told so', async (t, { one }) => {
    const watched = await watch(one)
    await until(t, () => watched.currentAt.length > 0)
    t.deepEqual(watched.entries, [])
    watched.stop()
  })
}

function tellOfOrder(story: Story): void {
  story("a watcher is told each change, everybody's, in order", async (t, { one, two }) => {
    const watched = await watch(one)
    await until(t, () => watched.currentAt.length > 0)
    const expected: KeyValueEntry[] = []
    const told = async (entry: KeyValueEntry) => {
      expected.push(entry)
      await until(t, () => watched.entries.length >= expected.length)
    }
    const first = await one.create('a', '1')
    await told({ key: 'a', value: '1', revision: first })
    const second = await two.update('a', '2', first)
    await told({ key: 'a', value: '2', revision: second })
    await two.delete('a', second)
    await told({ key: 'a', value: undefined, revision: second + 1 })
    await told({ key: 'a', value: '3', revision: await one.create('a', '3') })
    t.deepEqual(watched.entries, expected)
    t.deepEqual(watched.currentAt, [0])
    watched.stop()
  })

  story('the newest value of a key is never left out', async (t, { one, two }) => {
    const watched = await watch(two)
    const last = new Map<string, number>()
    for (let i = 0; i < 150; i++) {
      const key = `k${i % 3}`
      const known = last.get(key)
      last.set(
        key,
        known === undefined ? await one.create(key, '') : await one.update(key, `${i}`, known),
      )
    }
    await until(t, () => {
      const seen = new Map(watched.entries.map(({ key, revision }) => [key, revision]))
      return [...last].every(([key, revision]) => seen.get(key) === revision)
    })
    const revisions = watched.entries.map(({ revision }) => revision)
    t.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    )
    t.is(new Set(revisions).size, revisions.length)
    watched.stop()
  })
}

function tellOfEnds(story: Story): void {
  story('a watcher of some keys is told of no others', async (t, { one, two }) => {
    await one.create('a', '1')
    await one.create('b', '1')
    const [watched, none] = [await watch(two, ['a', 'c.d']), await watch(two, ['e', 'f'])]
    await until(t, () => watched.currentAt.length > 0 && none.currentAt.length > 0)
    t.deepEqual([watched.currentAt, none.currentAt], [[1], [0]])
    const b = await one.update('b', '2', 2)
    await one.create('c.d', '3')
    await one.delete('b', b)
    const f = await one.create('f', '4')
    await until(t, () => watched.entries.length >= 2 && none.entries.length >= 1)
    t.deepEqual(watched.entries, [
      { key: 'a', value: '1', revision: 1 },
      { key: 'c.d', value: '3', revision: 4 },
    ])
    t.deepEqual(none.entries, [{ key: 'f', value: '4', revision: f }])
    watched.stop()
    none.stop()
  })

  story('a watcher that has stopped is told nothing more', async (t, { one }) => {
    const [stopped, going] = [await watch(one), await watch(one)]
    await until(t, () => stopped.currentAt.length > 0)
    stopped.stop()
    await one.create('a', '1')
    await until(t, () => going.entries.length > 0)
    t.deepEqual(stopped.entries, [])
    going.stop()
  })

  story('a closed handle knows nothing, and the other goes on', async (t, { one, two }) => {
    const watched = await watch(one)
    await one.close()
    const unavailable = { code: 'key_value_unavailable' }
    await t.throwsAsync(one.get('a'), unavailable)
    await t.throwsAsync(one.create('a', '1'), unavailable)
    await t.throwsAsync(one.watch(Boolean, Boolean), unavailable)
    const going = await watch(two)
    await two.create('a', '1')
    await until(t, () => going.entries.length > 0)
    t.deepEqual(watched.entries, [])
    going.stop()
  })
}

/** Watches all keys, or these, and keeps what it is told. */
export async function watch(keyValue: KeyValue, keys?: readonly string[]): Promise<Watched> {
  const entries: KeyValueEntry[] = []
  const currentAt: number[] = []
  const stop = await keyValue.watch(
    (entry) => entries.push(entry),
    () => currentAt.push(entries.length),
    keys,
  )
  return { entries, currentAt, stop }
}

const PATIENCE_MS = 20_000
const POLL_MS = 5

/** Waits until `isSo`, for as long as a loaded machine may need. */
export async function until(t: ExecutionContext, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!isSo()) {
    if (performance.now() > deadline) t.fail('it did not come to that in time')
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS)
    })
  }
}

function succeeded(results: readonly PromiseSettledResult<unknown>[]): number {
  return results.filter(({ status }) => status === 'fulfilled').length
}
