import { systemClock } from '../../links/clock.ts'
import { until } from '../../test/deadline.ts'
import { NatsCluster } from '../../test/services/nats-cluster.ts'
import { testWith } from '../../test/services/service-test.ts'
import test from 'ava'
import { connectNatsSystem } from './nats-connection.ts'
import { readSyncs, syncsIn } from './server-syncs.ts'

const natsTest = testWith('nats')
const WAIT_MS = 60_000

for (const syncsAlways of [false, true]) {
  const how = syncsAlways ? 'sync before they acknowledge' : 'sync later'
  natsTest(`servers that ${how} are told as such`, async (t) => {
    const nats = await NatsCluster.start({ size: 3, server: { isGuarded: true, syncsAlways } })
    t.teardown(() => nats.close())
    const connection = await connectNatsSystem({ url: nats.systemUrl!, name: 'test' })
    t.teardown(() => connection.close())
    // A busy machine may take longer than a question waits.
    const told: (boolean | null)[] = []
    await until('they tell', WAIT_MS, async () => {
      told.push(await readSyncs(connection, systemClock))
      return told.at(-1) !== null
    })
    t.is(told.at(-1), syncsAlways)
  })
}

test('what is no answer, or of a server without streams, tells nothing', (t) => {
  for (const text of [
    '',
    '7',
    'null',
    '{}',
    '{"data":7}',
    '{"data":{"disabled":true,"config":{}}}',
  ])
    t.is(syncsIn(text), undefined, text)
  t.false(syncsIn('{"data":{"config":{"sync_interval":120000000000}}}'))
})
