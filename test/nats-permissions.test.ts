/** What the shipped permissions of NATS let a node and an observer do. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connect, ErrorCode, Events, type NatsConnection } from 'nats'
import { JetStreamClickLog } from '../clicks/log/jetstream-click-log.ts'
import { JetStreamClickReader } from '../clicks/log/jetstream-click-reader.ts'
import { JetStreamFeed } from '../clicks/feed/jetstream-feed.ts'
import { systemClock } from '../links/clock.ts'
import type { EpochMs, LogPosition, NodeId, PartitionId } from '../links/ids.ts'
import { LOG_STREAMS_MAX, LogNames } from '../cluster/nats/log-names.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { NatsKeyValue } from '../cluster/nats/nats-key-value.ts'
import { MoleculerPeers } from '../cluster/peers/moleculer-peers.ts'
import { ClusterSettings } from '../cluster/nats/cluster-settings.ts'
import { readLogFacts } from '../persistence/log/jetstream-facts.ts'
import { JetStreamLog } from '../persistence/log/jetstream-log.ts'
import { findLogStream } from '../persistence/log/jetstream-streams.ts'
import { NatsService } from './services/nats-service.ts'
import { testWith } from './services/service-test.ts'

const natsTest = testWith('nats')
const PERMISSIONS = path.resolve(import.meta.dirname, '../deploy/nats-permissions.conf')
const DENIED = [
  '$KV.tinygrid.table',
  '$KV.tinygrid.lease.n1',
  'tinygrid.log.3',
  'tinygrid.log.3.7',
  'tinygrid.dead-letter.3.code',
  'tinygrid.events.node.died',
  'tinygrid.clicks.n1',
  '$KV.tinygrid_private.salt.1',
  'tinygrid.inbox.x',
  'MOL-tinygrid.INFO',
  'MOL-tinygrid.REQ.n1.1-1',
  '$JS.API.STREAM.PURGE.TINYGRID_LOG',
  '$JS.API.STREAM.PURGE.TINYGRID_LOG_3',
  '$JS.API.STREAM.DELETE.TINYGRID_LOG',
  '$JS.API.STREAM.UPDATE.KV_tinygrid',
  '$JS.API.STREAM.MSG.DELETE.KV_tinygrid',
  '$JS.API.STREAM.MSG.GET.TINYGRID_LOG',
  '$JS.API.DIRECT.GET.TINYGRID_LOG',
  '$JS.API.DIRECT.GET.TINYGRID_LOG_3',
  '$JS.API.DIRECT.GET.TINYGRID_CLICKS',
  '$JS.API.STREAM.MSG.GET.KV_tinygrid_private',
  '$JS.API.CONSUMER.CREATE.TINYGRID_LOG.x',
  '$JS.API.CONSUMER.CREATE.TINYGRID_CLICKS.x',
  'tinygrid.feed.clicks',
  '$JS.API.CONSUMER.CREATE.TINYGRID_FEED.x',
  '$JS.API.CONSUMER.MSG.NEXT.TINYGRID_FEED.x',
  '$JS.API.DIRECT.GET.TINYGRID_FEED',
  '$JS.API.CONSUMER.CREATE.KV_tinygrid.x',
]
const UNHEARD = [
  'MOL-tinygrid.>',
  'tinygrid.log.*',
  'tinygrid.log.*.*',
  '$KV.tinygrid.>',
  '$KV.tinygrid_private.>',
  'tinygrid.inbox.>',
  '>',
]
const ALLOWED = [
  '$SRV.PING',
  'tinygrid.owner',
  'tinygrid.table',
  'tinygrid.node.n1',
  '$JS.API.INFO',
]

natsTest('a node opens bucket, log and peers, and does all that it must', async (t) => {
  const nats = await guarded(t)
  const connection = await connectPatiently({ url: nats.url, name: 'node', ...namesOf('tinygrid') })
  t.teardown(() => connection.close())
  const place = { connection, namespace: 'tinygrid', replicas: 1 }
  const keyValue = await NatsKeyValue.open(place)
  t.teardown(() => keyValue.close())
  const revision = await keyValue.create('lease.n1', '1')
  const seen: (string | undefined)[] = []
  const note = ({ value }: { value: string | undefined }) => seen.push(value)
  const stops = [
    await keyValue.watch(note, () => {}),
    await keyValue.watch(note, () => {}, ['table', 'lease.n1']),
  ]
  const second = await keyValue.update('lease.n1', '2', revision)
  await keyValue.delete('lease.n1', second)
  const areDeleted = () => seen.filter((value) => value === undefined).length
  while (areDeleted() < stops.length) await connection.flush()
  for (const stop of stops) stop()
  await useLog(t, { connection, keyValue, logStreams: 1 })
  const peers = new MoleculerPeers({ connection, namespace: 'tinygrid', nodeId: 'n1' as NodeId })
  await peers.open()
  await peers.close()
})

natsTest('so does one whose log lies in several streams', async (t) => {
  const nats = await guarded(t)
  const connection = await connectPatiently({ url: nats.url, name: 'node', ...namesOf('tinygrid') })
  t.teardown(() => connection.close())
  const keyValue = await NatsKeyValue.open({ connection, namespace: 'tinygrid', replicas: 1 })
  t.teardown(() => keyValue.close())
  await useLog(t, { connection, keyValue, logStreams: 4 })
})

test('each of several streams of the log may be used as the only one', (t) => {
  const [nodes, observers] = readFileSync(PERMISSIONS, 'utf8').split('user: "tinygrid-observer"')
  for (const user of [nodes!, observers!]) {
    const allowed = new Set(user.match(/"[^"\n]+"/g))
    const alone = [...allowed].filter((subject) => subject.endsWith('.TINYGRID_LOG"'))
    t.true(alone.length > 0)
    for (const { stream } of new LogNames('tinygrid', LOG_STREAMS_MAX).all) {
      for (const subject of alone) t.true(allowed.has(subject.replace('TINYGRID_LOG', stream)))
    }
  }
})

interface LogOwner {
  readonly connection: NatsConnection
  readonly keyValue: NatsKeyValue
  readonly logStreams: number
}

/** All that a node does with the log, in each of its streams. */
async function useLog(t: ExecutionContext, { connection, keyValue, logStreams }: LogOwner) {
  const logStream = await findLogStream(connection, 'tinygrid', logStreams)
  const fixed = { partitions: 16, logStreams }
  const identity = await ClusterSettings.open({ keyValue, ...fixed, logStream })
  const place = { connection, namespace: 'tinygrid', replicas: 1, ...fixed, identity }
  const before = await JetStreamLog.open({ ...place, logBytesMax: 1e8 })
  await before.close()
  // Again with other settings: the streams are changed.
  const log = await JetStreamLog.open({ ...place, logBytesMax: 2e8 })
  let last = 0 as LogPosition
  for (let partition = 0 as PartitionId; partition < logStreams; partition++) {
    last = 0 as LogPosition
    for (const text of ['a', 'b', 'c']) last = await log.append(partition, Buffer.from(text), last)
    t.is((await Array.fromAsync(log.readAfter(partition, 0 as LogPosition))).length, 3)
    await log.trim(partition, last)
    t.is((await Array.fromAsync(log.readAfter(partition, 0 as LogPosition))).length, 1)
  }
  const facts = await readLogFacts(connection, 'tinygrid', logStreams)
  t.is(facts.entries, logStreams)
  const letter = { key: 'code', partition: 3 as PartitionId, position: last, reason: '' }
  await log.addDeadLetter({ ...letter, payload: Buffer.from('x') })
  t.is((await Array.fromAsync(log.deadLetters())).length, 1)
  await log.removeDeadLetter('code', last)
  await log.close()
}

natsTest('clicks go from node to node, an observer hears them, and no salt', async (t) => {
  const nats = await guarded(t)
  const connection = await connectPatiently({ url: nats.url, name: 'node', ...namesOf('tinygrid') })
  t.teardown(() => connection.close())
  const place = { connection, namespace: 'tinygrid', replicas: 1 }
  const keyValue = await NatsKeyValue.open({ ...place, bucket: 'privateBucket' })
  t.teardown(() => keyValue.close())
  await keyValue.delete('salt.1', await keyValue.create('salt.1', 'x'))
  const watching = await observer(t, nats)
  const heard = watching.connection.subscribe('tinygrid.clicks.>', { max: 1 })
  await watching.connection.flush()
  const log = await openClickLog(place)
  await log.append('n1:r:0', Buffer.from('batch'))
  for await (const { subject, data } of heard) {
    t.deepEqual([subject, Buffer.from(data).toString()], ['tinygrid.clicks.n1', 'batch'])
  }
  t.deepEqual(watching.refused(), [])
  // Again with other settings: the stream is changed.
  await openClickLog({ ...place, bytesMax: 2e6 })
  const reader = new JetStreamClickReader({ ...place, clock: systemClock })
  const [batch] = await reader.read(0)
  t.is(Buffer.from(batch!.payload).toString(), 'batch')
})

natsTest('a node tells rows of clicks, and an observer hears them', async (t) => {
  const nats = await guarded(t)
  const connection = await connectPatiently({ url: nats.url, name: 'node', ...namesOf('tinygrid') })
  t.teardown(() => connection.close())
  const watching = await observer(t, nats)
  const heard = watching.connection.subscribe('tinygrid.feed.clicks', { max: 1 })
  await watching.connection.flush()
  const settings = { namespace: 'tinygrid', replicas: 1, bytesMax: 1e6, ageMaxMs: 1e7 }
  const feed = new JetStreamFeed(connection, settings)
  const { sequence } = await feed.end()
  await feed.add({ place: { position: 7, index: 0 }, text: '{}\n' }, sequence)
  for await (const message of heard) t.is(message.string(), '{}\n')
  // Again with other settings: the stream is changed.
  const other = new JetStreamFeed(connection, { ...settings, bytesMax: 2e6 })
  t.deepEqual((await other.end()).told, { position: 7, index: 0 })
  t.deepEqual(watching.refused(), [])
})

function openClickLog(place: {
  connection: NatsConnection
  namespace: string
  replicas: number
  bytesMax?: number
}) {
  return JetStreamClickLog.open({
    bytesMax: 1e6,
    ageMaxMs: 1e7,
    identity: 'own',
    node: 'n1',
    clock: systemClock,
    now: () => Date.now() as EpochMs,
    ...place,
  })
}

natsTest('an observer can neither write nor pretend nor listen in', async (t) => {
  const nats = await guarded(t)
  const { connection, refused } = await observer(t, nats)
  for (const subject of ALLOWED) connection.publish(subject, '')
  await connection.flush()
  t.deepEqual(refused(), [])
  for (const subject of DENIED) connection.publish(subject, '{}')
  for (const subject of UNHEARD) connection.subscribe(subject, { callback: () => {} })
  while (refused().length < DENIED.length + UNHEARD.length) await connection.flush()
  t.is(refused().length, DENIED.length + UNHEARD.length)
})

async function guarded(t: ExecutionContext): Promise<NatsService> {
  const nats = await NatsService.start({ isGuarded: true })
  t.teardown(() => nats.close())
  return nats
}

async function observer(t: ExecutionContext, nats: NatsService) {
  const [user, pass] = new URL(nats.observerUrl).href.slice('nats://'.length).split(/[:@]/)
  const connection = await connect({ servers: `127.0.0.1:${nats.port}`, user: user!, pass: pass! })
  t.teardown(() => connection.close())
  const refused: unknown[] = []
  void follow(connection, refused)
  return { connection, refused: () => refused }
}

async function follow(connection: NatsConnection, refused: unknown[]): Promise<void> {
  for await (const { type, data } of connection.status()) {
    if (type === Events.Error && data === ErrorCode.PermissionsViolation) refused.push(data)
  }
}
