/** A backup is of one moment of the log, however much is written, flushed and trimmed while it is made. */
import test from 'ava'
import * as fc from 'fast-check'
import type { Code, Epoch, LogPosition, PartitionId } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import { Ring } from '../../links/ring.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { encodeLogRecord } from '../log/log-record.ts'
import { MemoryLog } from '../log/memory-log.ts'
import { MemoryLinkStore } from '../store/memory-link-store.ts'
import { LinkBackup } from './link-backup.ts'

const ring = new Ring(16)
const CODES = Array.from({ length: 40 }, (_, n) => `c${n}` as Code)

/** Writes into the log, brings it to the store and trims it, and remembers all that was written. */
class Writer {
  readonly log = new MemoryLog()
  readonly store = new MemoryLinkStore(ring)
  readonly written: LinkVersion[] = []
  heldFrom: (partition: PartitionId) => LogPosition = () => Infinity as LogPosition
  #dirty = new Map<Code, LinkVersion>()
  #writes = 0

  async write(code: Code): Promise<void> {
    const partition = ring.partitionOf(code)
    const last = await this.log.last(partition)
    const url = `https://example.org/${this.#writes++}`
    const version = linkVersion(code, last + 1, { url })
    const { record } = version
    const batch = { kind: 'batch', epoch: 1 as Epoch, batchId: 'b', operations: [] } as const
    await this.log.append(partition, encodeLogRecord({ ...batch, records: [record] }), last)
    this.written.push(version)
    this.#dirty.set(code, version)
  }

  async flush(): Promise<void> {
    const dirty = [...this.#dirty.values()]
    this.#dirty = new Map()
    await this.store.write(dirty)
    const lasts = ring.all().map(async (id) => [id, await this.log.last(id)] as const)
    await this.store.saveCheckpoints(new Map(await Promise.all(lasts)))
  }

  async trim(): Promise<void> {
    for (const [partition, position] of await this.store.checkpoints()) {
      const upTo = Math.min(position, this.heldFrom(partition) - 1) as LogPosition
      await this.log.trim(partition, upTo)
    }
  }
}

const deed = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...CODES) },
  { weight: 2, arbitrary: fc.constantFrom('flush' as const, 'trim' as const, 'wait' as const) },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

async function act(writer: Writer, clock: ManualClock, one: Deed): Promise<void> {
  if (one === 'flush') await writer.flush()
  else if (one === 'trim') await writer.trim()
  else if (one === 'wait') await clock.pass(1_000)
  else await writer.write(one)
}

/** What the writer had at the moment that the positions say. */
function stateAt(writer: Writer, positions: ReadonlyMap<PartitionId, LogPosition>) {
  const state = new Map<Code, LinkVersion>()
  for (const version of writer.written) {
    if (version.position <= positions.get(ring.partitionOf(version.code))!) {
      state.set(version.code, version)
    }
  }
  return state
}

/** As whoever restores does. */
function keepNewest(found: Map<Code, LinkVersion>, version: LinkVersion): void {
  const before = found.get(version.code)
  if (before === undefined || before.position < version.position) found.set(version.code, version)
}

/** In one order. */
function told(versions: ReadonlyMap<Code, LinkVersion>): string[] {
  return [...versions.values()]
    .map(({ code, position, record }) => {
      return `${code} ${position} ${record.toString('hex')}`
    })
    .sort()
}

async function begin(writer: Writer, clock: ManualClock, isHeld: boolean, goesOn = false) {
  return LinkBackup.begin({
    goesOn,
    log: writer.log,
    store: writer.store,
    work: freeWork(),
    partitions: ring.all(),
    clock,
    hold: (from) => {
      if (isHeld) writer.heldFrom = from
      return () => (writer.heldFrom = () => Infinity as LogPosition)
    },
    sequenceOf: (partition) => partition,
  })
}

/** Between any two parts some of the deeds are done. */
async function backUp(writer: Writer, deeds: readonly Deed[], isHeld: boolean, atOnce = 1) {
  const clock = new ManualClock()
  const backup = await begin(writer, clock, isHeld)
  const found = new Map<Code, LinkVersion>()
  const doing = deeds.values()
  try {
    const parts = backup.parts()
    for (let part = await parts.next(); ; part = await parts.next()) {
      if (part.done === true) return { found, positions: part.value }
      for (const version of part.value.versions) keepNewest(found, version)
      for (let n = 0; n < atOnce; n++) {
        const { value } = doing.next()
        if (value !== undefined) await act(writer, clock, value)
      }
    }
  } finally {
    await backup.close()
  }
}

test('it is what the log says of its moment, and nothing behind', async (t) => {
  let changed = 0
  const deeds = fc.array(deed, { minLength: 10, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(deeds, deeds, async (before, meanwhile) => {
      const writer = new Writer()
      for (const one of before) await act(writer, new ManualClock(), one)
      const count = writer.written.length
      const { found, positions } = await backUp(writer, meanwhile, true)
      t.deepEqual(told(found), told(stateAt(writer, positions)))
      t.is(writer.heldFrom(0 as PartitionId), Infinity as LogPosition)
      t.is(Math.max(0, ...positions.values()) > 0, writer.written.length > 0)
      changed += writer.written.length - count
    }),
    { numRuns: 150, seed: 11 },
  )
  t.true(changed > 500, `${changed}`)
})

test('each moment behind it is what the log says of that', async (t) => {
  const deeds = fc.array(deed, { minLength: 10, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(deeds, fc.array(deeds, { maxLength: 3 }), async (before, later) => {
      const writer = new Writer()
      for (const one of before) await act(writer, new ManualClock(), one)
      const clock = new ManualClock()
      const backup = await begin(writer, clock, false, true)
      const found = new Map<Code, LinkVersion>()
      const read = async (parts: ReturnType<LinkBackup['parts']>) => {
        for (let part = await parts.next(); ; part = await parts.next()) {
          if (part.done === true) return part.value
          for (const version of part.value.versions) keepNewest(found, version)
        }
      }
      const check = async (parts: ReturnType<LinkBackup['parts']>) => {
        const positions = await read(parts)
        t.deepEqual(told(found), told(stateAt(writer, positions)))
        t.is(Math.max(0, ...positions.values()) > 0, writer.written.length > 0)
      }
      await check(backup.parts())
      for (const deedsOf of later) {
        for (const one of deedsOf) await act(writer, clock, one)
        await check(backup.further())
      }
      await backup.close()
      t.is(clock.timers, 0)
    }),
    { numRuns: 60, seed: 13 },
  )
})

test('what comes while the end is read is behind it', async (t) => {
  const writer = new Writer()
  for (const code of CODES) await writer.write(code)
  await writer.flush()
  const read = writer.log.readAfter.bind(writer.log)
  let late = 0
  writer.log.readAfter = async function* (partition, after) {
    // Each reading finds one entry more than there was when it was asked for.
    const code = CODES.find((one) => ring.partitionOf(one) === partition)
    if (code !== undefined) await writer.write(code)
    late++
    yield* read(partition, after)
  }
  const { found, positions } = await backUp(writer, [...CODES, ...CODES], true)
  t.deepEqual(told(found), told(stateAt(writer, positions)))
  t.true(late > 0)
})

test('where others trim the log, it is right all the same', async (t) => {
  const deeds = fc.array(deed, { minLength: 10, maxLength: 40 })
  let reloads = 0
  await fc.assert(
    fc.asyncProperty(deeds, deeds, async (before, meanwhile) => {
      const writer = new Writer()
      const load = writer.store.load.bind(writer.store)
      let loads = 0
      writer.store.load = (partitions) => {
        loads++
        return load(partitions)
      }
      for (const one of before) await act(writer, new ManualClock(), one)
      // Nobody waits for it to read.
      const hurried = meanwhile.flatMap((one) => (one === 'trim' ? ['flush', 'trim'] : [one]))
      const { found, positions } = await backUp(writer, hurried as Deed[], false, 15)
      t.deepEqual(told(found), told(stateAt(writer, positions)))
      reloads += loads - ring.all().length / (await writer.store.partitionsPerLoad())
    }),
    { numRuns: 100, seed: 12 },
  )
  t.true(reloads > 10, `${reloads}`)
})

test('what the log lost before it was read is read from the store again', async (t) => {
  const writer = new Writer()
  for (const code of CODES) await writer.write(code)
  await writer.flush()
  const clock = new ManualClock()
  const backup = await begin(writer, clock, false)
  for (let n = 0; n < 3; n++) for (const code of CODES) await writer.write(code)
  await writer.flush()
  await writer.trim()
  await clock.pass(1_000)
  const found = new Map<Code, LinkVersion>()
  for await (const { versions } of backup.parts()) {
    for (const version of versions) keepNewest(found, version)
  }
  t.deepEqual(told(found), told(new Map(writer.written.map((one) => [one.code, one]))))
  await backup.close()
  t.is(clock.timers, 0)
})

test('one that is overtaken by trims again and again ends', async (t) => {
  const writer = new Writer()
  for (const code of CODES) await writer.write(code)
  await writer.flush()
  const backup = await begin(writer, new ManualClock(), false)
  const last = writer.log.last.bind(writer.log)
  const overtaking = async (partition: PartitionId) => {
    writer.log.last = last
    // Between the checkpoints and the reading, each time.
    for (let n = 0; n < 2; n++) for (const code of CODES) await writer.write(code)
    await writer.flush()
    await writer.trim()
    writer.log.last = overtaking
    return last(partition)
  }
  writer.log.last = overtaking
  const parts = backup.parts()
  await t.throwsAsync(
    async () => {
      while ((await parts.next()).done !== true);
    },
    { message: /is trimmed faster|was trimmed before/ },
  )
  await backup.close()
})

test('links that the store refused are in it', async (t) => {
  const writer = new Writer()
  const { code, position, record } = linkVersion('refused', 1)
  const partition = ring.partitionOf(code)
  const letter = { key: code, partition, position, reason: 'too odd', payload: record }
  await writer.log.addDeadLetter(letter)
  const { found } = await backUp(writer, [], true)
  t.deepEqual([...found.keys()], [code])
})

test('damaged links are told, not taken', async (t) => {
  const writer = new Writer()
  await writer.write(CODES[0]!)
  await writer.flush()
  writer.store.load = async function* () {
    yield [{ ...linkVersion('bad', 1), record: Buffer.alloc(0) as LinkVersion['record'] }]
  }
  const backup = await begin(writer, new ManualClock(), true)
  const damaged: Code[] = []
  for await (const part of backup.parts()) damaged.push(...part.damaged)
  t.true(damaged.includes('bad' as Code))
  await backup.close()
})
