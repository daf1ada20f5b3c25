/** What every log must do, whatever keeps it. Run by each adapter's test against that adapter. */
import test, { type ExecutionContext, type SkipFn } from 'ava'
import { hasCode } from '../../links/errors.ts'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { testDeadLetters } from './dead-letter.contract.ts'
import { testReserve } from './log-reserve.contract.ts'
import type { Log } from './log.ts'

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
/** A log may have a bound for every so many partitions; this one shares P's. */
const BESIDE_P = (P + 16) as PartitionId
const TOLD_WITHIN_MS = 10_000

/** @param declare declares each test; other than `test` where a server may be missing */
export function testLogContract(
  name: string,
  createPlace: (options: LogPlaceOptions) => Promise<LogPlace>,
  declare: SkipFn = test,
): void {
  const story = (
    title: string,
    tell: (t: ExecutionContext, log: Log, place: LogPlace) => Promise<void>,
    logBytesMax = 1e7,
  ) => {
    declare(`${name}: ${title}`, async (t) => {
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
  testReserve(story)
  testGaps(story)
  testDeadLetters(story)
}

type Story = (
  title: string,
  tell: (t: ExecutionContext, log: Log, place: LogPlace) => Promise<void>,
  logBytesMax?: number,
) => void

function testAppends(story: Story): void {
  story('an empty log has no entries and no last position', async (t, log) => {
    t.is(await log.last(P), POSITION_NONE)
    t.deepEqual(await entriesOf(log, P), [])
    t.is(log.bytes(), 0)
  })

  story('entries come back in order, above the position asked for', async (t, log) => {
    const positions = await appendAll(log, P, ['a', 'b', 'c'])
    const [a, b, c] = positions as [LogPosition, LogPosition, LogPosition]
    t.true(0 < a && a < b && b < c)
    t.deepEqual(await entriesOf(log, P), [`${a} a`, `${b} b`, `${c} c`])
    t.deepEqual(await entriesOf(log, P, a), [`${b} b`, `${c} c`])
    t.deepEqual(await entriesOf(log, P, c), [])
    t.deepEqual(await entriesOf(log, P, at(c + 99)), [])
    t.is(await log.last(P), c)
    t.true(log.bytes() >= 3)
  })

  story('partitions do not mix, also when appended in one turn', async (t, log) => {
    const [p, q] = await Promise.all([put(log, P, 'p', at(0)), put(log, Q, 'q', at(0))])
    t.deepEqual(await entriesOf(log, P), [`${p} p`])
    t.deepEqual(await entriesOf(log, Q), [`${q} q`])
    t.is(await log.last(P), p)
    t.is(await log.last(Q), q)
  })

  story('an append that expects another last position is refused', async (t, log) => {
    const [a, b] = (await appendAll(log, P, ['a', 'b'])) as [LogPosition, LogPosition]
    for (const wrong of [at(0), a, at(b + 1)]) {
      const error = await t.throwsAsync(put(log, P, 'x', wrong))
      t.true(hasCode(error, 'log_replaced'))
    }
    t.deepEqual(await entriesOf(log, P), [`${a} a`, `${b} b`])
  })

  story(
    'an append after a position that an empty partition never had is refused',
    async (t, log) => {
      const error = await t.throwsAsync(put(log, P, 'x', at(1)))
      t.true(hasCode(error, 'log_replaced'))
      t.deepEqual(await entriesOf(log, P), [])
    },
  )

  story('of two appends that expect the same, one is taken', async (t, log) => {
    const results = await Promise.allSettled([put(log, P, 'a', at(0)), put(log, P, 'b', at(0))])
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    t.deepEqual(await textsOf(log, P), ['a'])
  })
}

function testSurvival(story: Story): void {
  story('payloads of any size come back as they were', async (t, log) => {
    const payloads = [0, 1, 2030, 4052, 4053, 5000, 300_000].map((size) => Buffer.alloc(size, size))
    let last = POSITION_NONE
    for (const payload of payloads) last = await log.append(P, payload, last)
    const read = await Array.fromAsync(log.readAfter(P, POSITION_NONE))
    t.deepEqual(
      read.map(({ payload }) => payload),
      payloads,
    )
  })

  story(
    'everything is there after close and open, and goes on from there',
    async (t, log, place) => {
      const [a, b] = (await appendAll(log, P, ['a', 'b'])) as [LogPosition, LogPosition]
      const [q] = (await appendAll(log, Q, ['q'])) as [LogPosition]
      await log.close()
      const again = await place.open()
      t.is(await again.last(P), b)
      t.true(again.bytes() >= 3)
      const c = await put(again, P, 'c', b)
      t.true(c > b)
      t.deepEqual(await entriesOf(again, P), [`${a} a`, `${b} b`, `${c} c`])
      t.deepEqual(await entriesOf(again, Q), [`${q} q`])
      await again.close()
    },
  )

  story('thousands of appends of many partitions at once are all kept', async (t, log, place) => {
    const partitions = Array.from({ length: 64 }, (_, index) => index as PartitionId)
    const texts = Array.from({ length: 50 }, (_, index) => `entry ${index}`)
    const positions = await Promise.all(
      partitions.map((partition) => appendAll(log, partition, texts)),
    )
    await log.close()
    const again = await place.open()
    for (const partition of partitions) {
      t.deepEqual(
        await entriesOf(again, partition),
        texts.map((text, index) => `${positions[partition]![index]} ${text}`),
      )
    }
    await again.close()
  })
}

function testTrims(story: Story): void {
  story('a trim forgets what is behind it and frees its bytes', async (t, log) => {
    const texts = ['a', 'b', 'c'].map((text) => text.repeat(1000))
    const [a, b, c] = (await appendAll(log, P, texts)) as [LogPosition, LogPosition, LogPosition]
    t.true(log.bytes() >= 3000)
    await log.trim(P, b)
    t.deepEqual(await entriesOf(log, P), [`${c} ${texts[2]}`])
    await until(() => log.bytes() >= 1000 && log.bytes() < 2000)
    await log.trim(P, b)
    await log.trim(P, a)
    t.deepEqual(await entriesOf(log, P), [`${c} ${texts[2]}`])
  })

  story('the last entry is never trimmed, and its position survives', async (t, log, place) => {
    const [, b] = (await appendAll(log, P, ['a', 'b'])) as [LogPosition, LogPosition]
    await log.trim(P, b)
    await log.trim(P, at(b + 99))
    t.deepEqual(await entriesOf(log, P), [`${b} b`])
    await log.close()
    const again = await place.open()
    t.is(await again.last(P), b)
    const c = await put(again, P, 'c', b)
    t.true(c > b)
    t.deepEqual(await entriesOf(again, P), [`${b} b`, `${c} c`])
    await again.close()
  })

  story('a trim of one partition leaves the others alone', async (t, log, place) => {
    const [[, b, c]] = await Promise.all([
      appendAll(log, P, ['a', 'b', 'c']),
      appendAll(log, Q, ['x', 'y', 'z']),
    ])
    await log.trim(P, b!)
    t.deepEqual(await textsOf(log, Q), ['x', 'y', 'z'])
    await log.close()
    const again = await place.open()
    t.deepEqual(await entriesOf(again, P, b), [`${c} c`])
    t.deepEqual(await textsOf(again, Q), ['x', 'y', 'z'])
    await again.close()
  })

  story('a trim of a partition never written does nothing', async (t, log) => {
    await log.trim(P, at(5))
    t.is(await log.last(P), POSITION_NONE)
  })

  story(
    'a full log refuses appends, and takes them again after a trim',
    async (t, log) => {
      const text = 'x'.repeat(5000)
      const [first] = await appendAll(log, P, [text, text])
      const error = await t.throwsAsync(put(log, BESIDE_P, text, at(0)))
      t.true(hasCode(error, 'log_full'))
      t.is(await log.last(BESIDE_P), POSITION_NONE)
      await log.trim(P, first!)
      const position = await put(log, BESIDE_P, text, at(0))
      t.deepEqual(await entriesOf(log, BESIDE_P), [`${position} ${text}`])
    },
    12_000,
  )
}

function testGaps(story: Story): void {
  story('an entry names the one before it, trimmed or not', async (t, log, place) => {
    const [a, b, c] = (await appendAll(log, P, ['a', 'b', 'c'])) as [
      LogPosition,
      LogPosition,
      LogPosition,
    ]
    t.deepEqual(await previousOf(log), [POSITION_NONE, a, b])
    await put(log, Q, 'q', at(0))
    await log.trim(P, b)
    t.deepEqual(await previousOf(log), [b])
    await log.close()
    const again = await place.open()
    await put(again, P, 'd', c)
    t.deepEqual(await previousOf(again, b), [b, c])
    await again.close()
  })
}

function at(position: number): LogPosition {
  return position as LogPosition
}

function put(
  log: Log,
  partition: PartitionId,
  text: string,
  last: LogPosition,
): Promise<LogPosition> {
  return log.append(partition, Buffer.from(text), last)
}

/** Appends to a partition that has no entries yet; returns their positions. */
async function appendAll(
  log: Log,
  partition: PartitionId,
  texts: readonly string[],
): Promise<LogPosition[]> {
  const positions: LogPosition[] = []
  for (const text of texts) {
    positions.push(await put(log, partition, text, positions.at(-1) ?? POSITION_NONE))
  }
  return positions
}

async function entriesOf(
  log: Log,
  partition: PartitionId,
  after = POSITION_NONE,
): Promise<string[]> {
  const entries = await Array.fromAsync(log.readAfter(partition, after))
  return entries.map(({ position, payload }) => `${position} ${payload.toString()}`)
}

async function previousOf(log: Log, after = POSITION_NONE) {
  const entries = await Array.fromAsync(log.readAfter(P, after))
  return entries.map(({ previous }) => previous)
}

async function textsOf(log: Log, partition: PartitionId): Promise<string[]> {
  const entries = await Array.fromAsync(log.readAfter(partition, POSITION_NONE))
  return entries.map(({ payload }) => payload.toString())
}

/** For what a log may tell late. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + TOLD_WITHIN_MS
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it was not told in time')
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}
