/** The feed's stream on a real server: what is added behind what, and what is in it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { NatsConnection } from 'nats'
import { Compile } from 'typebox/schema'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { systemClock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import { JetStreamWorld } from '../../persistence/testing/jetstream-world.ts'
import { until } from '../../test/deadline.ts'
import { testWith } from '../../test/services/service-test.ts'
import { decodeBatch, encodeBatch } from '../log/batch-codec.ts'
import { JetStreamClickLog } from '../log/jetstream-click-log.ts'
import { JetStreamClickReader } from '../log/jetstream-click-reader.ts'
import { openAddressData } from '../parse/address-data.ts'
import { ClickParser } from '../parse/click-parser.ts'
import { sampleBatch, sampleClick } from '../testing/sample-batches.ts'
import { ClickFeed } from './click-feed.ts'
import { ROW_SCHEMA, ROWS_MAX } from './click-row.ts'
import { JetStreamFeed } from './jetstream-feed.ts'

const natsTest = testWith('nats')
const PATIENCE_MS = 60_000
const DAY_MS = 86_400_000
const BOUNDS = { replicas: 1, bytesMax: 1e8, ageMaxMs: DAY_MS }

let shared: JetStreamWorld

test.before(async () => {
  shared = await JetStreamWorld.start()
})
test.after.always(() => shared.close())

interface Place {
  readonly connection: NatsConnection
  readonly namespace: string
}

async function place(): Promise<Place> {
  return { connection: await shared.connect(), namespace: shared.newNamespace() }
}

const rows = (position: number, index = 0) => ({ place: { position, index }, text: '{}\n' })

natsTest(
  'rows are added behind the last message alone, and the end tells which they were',
  async (t) => {
    const { connection, namespace } = await place()
    const stream = new JetStreamFeed(connection, { namespace, ...BOUNDS })
    t.deepEqual(await stream.end(), { sequence: 0, told: undefined })
    t.is(await stream.add(rows(7), 0), 1)
    t.is(await stream.add(rows(7, ROWS_MAX), 1), 2)
    await t.throwsAsync(stream.add(rows(8), 1), { code: 'click_log_unavailable' })
    const other = new JetStreamFeed(connection, { namespace, ...BOUNDS, bytesMax: 2e8 })
    t.deepEqual(await other.end(), { sequence: 2, told: { position: 7, index: ROWS_MAX } })
    const manager = await connection.jetstreamManager()
    t.is((await manager.streams.info(namesOf(namespace).feedStream)).config.max_bytes, 2e8)
  },
)

natsTest('what others put there, delete, or remove altogether stops nobody', async (t) => {
  const { connection, namespace } = await place()
  const { feedStream, feedSubject } = namesOf(namespace)
  const stream = new JetStreamFeed(connection, { namespace, ...BOUNDS })
  await stream.end()
  await stream.add(rows(7), 0)
  const client = connection.jetstream()
  await client.publish(feedSubject, 'nonsense')
  await client.publish(feedSubject, 'nonsense', { msgID: '9-0' })
  await stream.add(rows(8), 3)
  const manager = await connection.jetstreamManager()
  await manager.streams.deleteMessage(feedStream, 4)
  t.like(await stream.end(), { told: { position: 7, index: 0 } })
  await manager.streams.delete(feedStream)
  await t.throwsAsync(stream.add(rows(8), 4), { code: 'click_log_unavailable' })
  t.deepEqual(await stream.end(), { sequence: 0, told: undefined })
})

natsTest(
  'the rows of a log are as their schema says, each once, however often the lead changes',
  async (t) => {
    const { connection, namespace } = await place()
    const log = await JetStreamClickLog.open({
      connection,
      namespace,
      node: 'n1',
      ...BOUNDS,
      identity: 'test',
      clock: systemClock,
      now: () => Date.now() as EpochMs,
    })
    const lead = await leads(t, { connection, namespace })
    const sizes = [1, 0, ROWS_MAX + 1, 3]
    for (const [number, size] of sizes.entries()) {
      const clicks = Array.from({ length: size }, (_, index) =>
        sampleClick({ query: `n=${index}` }),
      )
      await log.append(`n1:r:${number}`, encodeBatch(sampleBatch(number, { clicks })))
      await lead()
    }
    const count = sizes.reduce((sum, size) => sum + size, 0)
    const told: Record<string, unknown>[] = []
    const schema = readFileSync(path.resolve('docs/click-row.schema.json'), 'utf8')
    const check = Compile(JSON.parse(schema) as object)
    await until('all rows are there', PATIENCE_MS, async () => {
      told.splice(0, told.length, ...(await rowsIn({ connection, namespace })))
      return told.length >= count
    })
    t.is(told.length, count)
    t.is(new Set(told.map(({ id }) => id)).size, count)
    for (const row of told.slice(0, 5)) t.deepEqual(check.Errors(row)[1], [])
  },
)

/** Starts a lead over the log, and stops the one before. */
async function leads(t: ExecutionContext, { connection, namespace }: Place) {
  const addresses = await openAddressData({
    countryFile: undefined,
    networkFile: undefined,
    onMissing: () => {},
  })
  const parser = new ClickParser({ addresses, keepsAddress: true })
  const reader = new JetStreamClickReader({ connection, namespace, clock: systemClock })
  let stop: AbortController | undefined
  let running: Promise<void> | undefined
  const end = async () => {
    stop?.abort()
    await running
  }
  t.teardown(async () => {
    await end()
    await reader.close()
  })
  return async () => {
    await end()
    stop = new AbortController()
    const feed = new ClickFeed({
      log: reader,
      decode: decodeBatch,
      parse: (record, node) => parser.parse(record, node),
      stream: new JetStreamFeed(connection, { namespace, ...BOUNDS }),
      clock: systemClock,
      random: Math.random,
      onError: (what, error) => t.fail(`${what} ${String(error)}`),
    })
    running = feed.run(stop.signal)
  }
}

async function rowsIn({ connection, namespace }: Place): Promise<Record<string, unknown>[]> {
  const { feedStream } = namesOf(namespace)
  const manager = await connection.jetstreamManager()
  const state = (await manager.streams.info(feedStream).catch(() => undefined))?.state
  const found: Record<string, unknown>[] = []
  for (let sequence = 1; sequence <= (state?.last_seq ?? 0); sequence++) {
    const { data, header } = await manager.streams.getMessage(feedStream, { seq: sequence })
    if (header.get('Tinygrid-Schema') !== ROW_SCHEMA) throw new Error('it has another schema')
    const lines = Buffer.from(data).toString().split('\n').slice(0, -1)
    found.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>))
  }
  return found
}
