/** What the analytics process opens, by its settings. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connectPatiently } from '../../cluster/testing/patient-connection.ts'
import { systemClock } from '../../links/clock.ts'
import { StartError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { NatsService } from '../../test/services/nats-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { decodeBatch, encodeBatch } from '../log/batch-codec.ts'
import { JetStreamClickLog } from '../log/jetstream-click-log.ts'
import { sampleBatch } from '../testing/sample-batches.ts'
import type { AnalyticsSettings } from './analytics-ipc.ts'
import { openParts } from './analytics-parts.ts'

const natsTest = testWith('nats')

natsTest('in a cluster clicks are read from its log in NATS', async (t) => {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-analytics-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const connection = await connectPatiently({ url: nats.url, name: 'node' })
  t.teardown(() => connection.close())
  const log = await JetStreamClickLog.open({
    connection,
    namespace: 'tinygrid',
    replicas: 1,
    bytesMax: 1e7,
    ageMaxMs: 1e7,
    identity: 'own',
    node: 'a',
    clock: systemClock,
    now: () => Date.now() as EpochMs,
  })
  await log.append('a:r1:0', encodeBatch(sampleBatch(0)))
  const settings = settingsOf(directory, nats.url)
  const parts = await openParts(settings, (what) => t.fail(what))
  const [batch] = await parts.log.read(await parts.store.position())
  const { clicks, node } = decodeBatch(batch!.payload)
  const parsed = clicks.map((record) => parts.parse(record, node))
  await parts.store.append(
    [{ ...parsed[0]!, position: batch!.position, index: 0 }],
    batch!.position,
  )
  t.is(await parts.store.position(), batch!.position)
  await parts.close()
  await nats.kill()
  await t.throwsAsync(
    openParts(settings, () => {}),
    { instanceOf: StartError },
  )
})

function settingsOf(directory: string, url: string): AnalyticsSettings {
  return {
    log: {
      kind: 'jetstream',
      url,
      tls: { prefix: 'NATS_TLS' },
      namespace: 'tinygrid',
      name: 'analytics',
    },
    store: { kind: 'duckdb', directory: path.join(directory, 'store') },
    retentionDays: 400,
    keepsAddress: true,
    geoipFile: undefined,
    geoipAsnFile: undefined,
    hooks: {
      values: { kind: 'file', file: path.join(directory, 'hooks') },
      allowsPrivate: false,
      reportsDirectory: directory,
    },
  }
}
