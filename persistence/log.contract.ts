/** What every log must do, whatever keeps it. Run by each adapter's test against that adapter. */
import test, { type ExecutionContext } from 'ava'
import { hasCode } from '../cluster/errors.ts'
import type { LogPosition, PartitionId } from '../cluster/ids.ts'
import type { DeadLetter, Log } from './log.ts'

/** One place that keeps a log. */
export interface LogPlace {
  /** Opens what is there; after a `close` again. */
  open(): Promise<Log>
  remove(): Promise<void>
}

export interface LogPlaceOptions {
  readonly logBytesMax: number
}

const P = 3 as PartitionId
const Q = 200 as PartitionId

export function testLogContract(
  name: string,
  createPlace: (options: LogPlaceOptions) => Promise<LogPlace>,
): void {
  const story = (
    title: string,
    tell: (t: ExecutionContext, log: Log, place: LogPlace) => Promise<void>,
    logBytesMax = 1e9,
  ) => {
    test(`${name}: ${title}`, async (t) => {
      const place = await createPlace({ logBytesMax })
      try {
        await tell(t, await place.open(), place)
      } finally {
        await place.remove()
      }
    })
  }
  testAppends(story)
  testSurvival(story)
  testTrims(story)
  testDeadLetters(story)
}

type Story = (
  title: string,
  tell: (t: ExecutionContext, log: Log, place: LogPlace) => Promise<void>,
  logBytesMax?: number,
) => void

function testAppends(story: Story): void {
  story('an empty log has no entries and no last position', async (t, log) => {
    t.is(await log.last(P), at(0))
    t.deepEqual(await entriesOf(log, P), [])
    t.is(log.bytes(), 0)
  })

  story('entries come back in order, above the position asked for', async (t, log) => {
    await appendAll(log, P, ['a', 'b', 'c'])
    t.deepEqual(await entriesOf(log, P), ['1 a', '2 b', '3 c'])
    t.deepEqual(await entriesOf(log, P, 1), ['2 b', '3 c'])
    t.deepEqual(await entriesOf(log, P, 3), [])
    t.deepEqual(await entriesOf(log, P, 99), [])
    t.is(await log.last(P), at(3))
    t.is(log.bytes(), 3)
  })

  story('partitions do not mix, also when appended in one turn', async (t, log) => {
    const positions = await Promise.all([put(log, P, 'p', 0), put(log, Q, 'q', 0)])
    t.deepEqual(positions, [at(1), at(1)])
    t.deepEqual(await entriesOf(log, P), ['1 p'])
    t.deepEqual(await entriesOf(log, Q), ['1 q'])
  })

  story('an append that expects another last position is refused', async (t, log) => {
    await appendAll(log, P, ['a', 'b'])
    for (const wrong of [0, 1, 3]) {
      const error = await t.throwsAsync(put(log, P, 'x', wrong))
      t.true(hasCode(error, 'log_replaced'))
    }
    t.deepEqual(await entriesOf(log, P), ['1 a', '2 b'])
  })

  story('of two appends that expect the same, one is taken', async (t, log) => {
    const results = await Promise.allSettled([put(log, P, 'a', 0), put(log, P, 'b', 0)])
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    t.deepEqual(await entriesOf(log, P), ['1 a'])
  })
}

function testSurvival(story: Story): void {
  story('payloads of any size come back as they were', async (t, log) => {
    const payloads = [0, 1, 2030, 4052, 4053, 5000, 300_000].map((size) => Buffer.alloc(size, size))
    for (const [index, payload] of payloads.entries()) {
      await log.append(P, payload, at(index))
    }
    const read = await Array.fromAsync(log.readAfter(P, at(0)))
    t.deepEqual(
      read.map(({ payload }) => payload),
      payloads,
    )
  })

  story(
    'everything is there after close and open, and goes on from there',
    async (t, log, place) => {
      await appendAll(log, P, ['a', 'b'])
      await appendAll(log, Q, ['q'])
      await log.close()
      const again = await place.open()
      t.is(await again.last(P), at(2))
      t.is(again.bytes(), 3)
      await put(again, P, 'c', 2)
      t.deepEqual(await entriesOf(again, P), ['1 a', '2 b', '3 c'])
      t.deepEqual(await entriesOf(again, Q), ['1 q'])
      await again.close()
    },
  )

  story('thousands of appends of many partitions at once are all kept', async (t, log, place) => {
    const partitions = Array.from({ length: 64 }, (_, index) => index as PartitionId)
    const texts = Array.from({ length: 50 }, (_, index) => `entry ${index}`)
    await Promise.all(partitions.map((partition) => appendAll(log, partition, texts)))
    await log.close()
    const again = await place.open()
    for (const partition of partitions) {
      t.deepEqual(
        await entriesOf(again, partition),
        texts.map((text, index) => `${index + 1} ${text}`),
      )
    }
    await again.close()
  })
}

function testTrims(story: Story): void {
  story('a trim forgets what is behind it and frees its bytes', async (t, log) => {
    await appendAll(log, P, ['aa', 'bb', 'cc'])
    await log.trim(P, at(2))
    t.deepEqual(await entriesOf(log, P), ['3 cc'])
    t.is(log.bytes(), 2)
    await log.trim(P, at(2))
    await log.trim(P, at(1))
    t.deepEqual(await entriesOf(log, P), ['3 cc'])
  })

  story('the last entry is never trimmed, and its position survives', async (t, log, place) => {
    await appendAll(log, P, ['a', 'b'])
    await log.trim(P, at(2))
    await log.trim(P, at(99))
    t.deepEqual(await entriesOf(log, P), ['2 b'])
    await log.close()
    const again = await place.open()
    t.is(await again.last(P), at(2))
    t.is(await put(again, P, 'c', 2), at(3))
    t.deepEqual(await entriesOf(again, P), ['2 b', '3 c'])
    await again.close()
  })

  story('a trim of one partition leaves the others alone', async (t, log, place) => {
    await Promise.all([appendAll(log, P, ['a', 'b', 'c']), appendAll(log, Q, ['x', 'y', 'z'])])
    await log.trim(P, at(2))
    t.deepEqual(await entriesOf(log, Q), ['1 x', '2 y', '3 z'])
    await log.close()
    const again = await place.open()
    t.deepEqual(await entriesOf(again, P, 2), ['3 c'])
    t.deepEqual(await entriesOf(again, Q), ['1 x', '2 y', '3 z'])
    await again.close()
  })

  story('a trim of a partition never written does nothing', async (t, log) => {
    await log.trim(P, at(5))
    t.is(await log.last(P), at(0))
  })

  story(
    'a full log refuses appends, and takes them again after a trim',
    async (t, log) => {
      await put(log, P, '12345', 0)
      await put(log, P, '67890', 1)
      const error = await t.throwsAsync(put(log, Q, 'x', 0))
      t.true(hasCode(error, 'log_full'))
      t.is(await log.last(Q), at(0))
      await log.trim(P, at(1))
      t.is(await put(log, Q, 'x', 0), at(1))
      t.deepEqual(await entriesOf(log, Q), ['1 x'])
    },
    10,
  )
}

function testDeadLetters(story: Story): void {
  story('dead letters are kept by key, the newest of each', async (t, log, place) => {
    await log.addDeadLetter(letter('a', 1))
    await log.addDeadLetter(letter('b', 2))
    await log.addDeadLetter(letter('a', 3))
    await log.close()
    const again = await place.open()
    t.deepEqual(await lettersOf(again), [letter('a', 3), letter('b', 2)])
    await again.close()
  })

  story('a removed letter is gone, and removing is repeatable', async (t, log) => {
    await log.addDeadLetter(letter('a', 1))
    await log.removeDeadLetter('a')
    await log.removeDeadLetter('a')
    await log.removeDeadLetter('never')
    t.deepEqual(await lettersOf(log), [])
  })

  story('dead letters are no entries', async (t, log) => {
    await log.addDeadLetter(letter('a', 1))
    t.is(await log.last(P), at(0))
    t.deepEqual(await entriesOf(log, P), [])
  })
}

function letter(key: string, position: number): DeadLetter {
  return {
    key,
    partition: P,
    position: at(position),
    reason: `not välid: ${position}`,
    payload: Buffer.from(`payload of ${key}`),
  }
}

function at(position: number): LogPosition {
  return position as LogPosition
}

function put(log: Log, partition: PartitionId, text: string, last: number): Promise<LogPosition> {
  return log.append(partition, Buffer.from(text), at(last))
}

async function appendAll(log: Log, partition: PartitionId, texts: string[]): Promise<void> {
  for (const [index, text] of texts.entries()) await put(log, partition, text, index)
}

async function entriesOf(log: Log, partition: PartitionId, after = 0): Promise<string[]> {
  const entries = await Array.fromAsync(log.readAfter(partition, at(after)))
  return entries.map(({ position, payload }) => `${position} ${payload.toString()}`)
}

async function lettersOf(log: Log): Promise<DeadLetter[]> {
  const letters = await Array.fromAsync(log.deadLetters())
  return letters.sort((a, b) => (a.key < b.key ? -1 : 1))
}
