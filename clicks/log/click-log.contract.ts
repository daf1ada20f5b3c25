/** What every click log must do, whatever keeps it. Run by each adapter's test against that adapter. */
import test, { type ExecutionContext, type SkipFn } from 'ava'
import type { ClickLogReader, ClickLogWriter, LoggedBatch } from './click-log.ts'

/** One place that keeps a click log. */
export interface ClickLogPlace {
  /** Opens what is there; after a `close` again. */
  openWriter(): Promise<ClickLogWriter>
  openReader(): Promise<ClickLogReader>
  remove(): Promise<void>
}

const BYTES_MAX = 10 * 2 ** 20
const NEVER = new AbortController().signal

/** @param createPlace of a log that holds at most bytesMax */
export function testClickLogContract(
  name: string,
  createPlace: (bytesMax: number) => Promise<ClickLogPlace>,
  declare: SkipFn = test,
): void {
  const story = (
    title: string,
    tell: (t: ExecutionContext, place: ClickLogPlace) => Promise<void>,
    bytesMax = BYTES_MAX,
  ) => {
    declare(`${name}: ${title}`, async (t) => {
      const place = await createPlace(bytesMax)
      try {
        await tell(t, place)
      } finally {
        await place.remove()
      }
    })
  }
  testAppends(story)
  testWaiting(story)
  testBounds(story)
}

type Story = (
  title: string,
  tell: (t: ExecutionContext, place: ClickLogPlace) => Promise<void>,
  bytesMax?: number,
) => void

function testAppends(story: Story): void {
  story('a new log holds nothing', async (t, place) => {
    await place.openWriter()
    const reader = await place.openReader()
    t.deepEqual(await reader.read(0), [])
    t.deepEqual(await reader.span(), { firstPosition: 0, lastPosition: 0, bytes: 0 })
  })

  story('what was appended is read in order, from any position', async (t, place) => {
    const writer = await place.openWriter()
    const reader = await place.openReader()
    for (let number = 0; number < 20; number++) await writer.append(`a:r:${number}`, bytes(number))
    const all = await readAll(reader)
    t.deepEqual(
      contents(all),
      Array.from({ length: 20 }, (_, number) => number),
    )
    t.true(all.every(({ position }, at) => position > (all[at - 1]?.position ?? 0)))
    t.deepEqual(contents(await readAll(reader, all[11]!.position)), contents(all.slice(12)))
    t.deepEqual(await reader.read(all[19]!.position), [])
    const { firstPosition, lastPosition } = await reader.span()
    t.deepEqual([firstPosition, lastPosition], [all[0]!.position, all[19]!.position])
  })

  story('an id is stored once, however often and by whom it is appended', async (t, place) => {
    const writer = await place.openWriter()
    await writer.append('a:r:0', bytes(1))
    await writer.append('a:r:1', bytes(2))
    await Promise.all([writer.append('a:r:0', bytes(1)), writer.append('b:r:0', bytes(3))])
    await writer.append('a:r:1', bytes(2))
    await writer.append('b:r:0', bytes(3))
    t.deepEqual(contents(await readAll(await place.openReader())), [1, 2, 3])
  })

  story('many batches at a time are all there', async (t, place) => {
    const writer = await place.openWriter()
    const ids = Array.from({ length: 100 }, (_, number) => number)
    await Promise.all(ids.map((number) => writer.append(`a:r:${number}`, bytes(number))))
    const found = contents(await readAll(await place.openReader()))
    t.deepEqual(
      found.sort((a, b) => a - b),
      ids,
    )
  })

  story('a batch of the greatest length comes back as it was', async (t, place) => {
    const writer = await place.openWriter()
    const payload = Buffer.alloc(900_000, 'x')
    await writer.append('a:r:0', payload)
    const [batch] = await (await place.openReader()).read(0)
    t.deepEqual(Buffer.from(batch!.payload), payload)
  })
}

function testWaiting(story: Story): void {
  story('who waits for more is woken by an append', async (t, place) => {
    const writer = await place.openWriter()
    const reader = await place.openReader()
    const { lastPosition } = await reader.span()
    let found: readonly LoggedBatch[] = []
    const waits = (async () => {
      while (found.length === 0) {
        await reader.more(lastPosition, NEVER)
        found = await reader.read(lastPosition)
      }
    })()
    await writer.append('a:r:0', bytes(7))
    await waits
    t.deepEqual(contents(found), [7])
  })

  story('who waits is let go at once by its signal', async (t, place) => {
    await place.openWriter()
    const reader = await place.openReader()
    const abort = new AbortController()
    const waits = reader.more(0, abort.signal)
    abort.abort()
    await waits
    await reader.more(0, AbortSignal.abort())
    t.pass()
  })
}

function testBounds(story: Story): void {
  story(
    'past its bytes the oldest are dropped, and a reader sees which',
    async (t, place) => {
      const writer = await place.openWriter()
      const reader = await place.openReader()
      for (let number = 0; number < 40; number++) {
        await writer.append(`a:r:${number}`, Buffer.alloc(10_000, number))
      }
      const { firstPosition, lastPosition, bytes: held } = await reader.span()
      const all = await readAll(reader)
      t.true(firstPosition > 1 && held <= 110_000)
      t.is(all[0]!.position, firstPosition)
      t.is(all.at(-1)!.position, lastPosition)
      t.is(contents(all).at(-1), 39)
    },
    100_000,
  )
}

async function readAll(reader: ClickLogReader, after = 0): Promise<LoggedBatch[]> {
  const all: LoggedBatch[] = []
  for (;;) {
    const some = await reader.read(all.at(-1)?.position ?? after)
    if (some.length === 0) return all
    all.push(...some)
  }
}

/** A payload that says which it is. */
function bytes(number: number): Uint8Array {
  return Buffer.alloc(100, number)
}

function contents(batches: readonly LoggedBatch[]): number[] {
  return batches.map(({ payload }) => payload[0]!)
}
