/** Elections that are called on three real servers, under the shipped permissions. */
import type { ExecutionContext } from 'ava'
import { ErrorCode, Events, RetentionPolicy, StorageType } from 'nats'
import { systemClock } from '../../links/clock.ts'
import { StartError } from '../../links/errors.ts'
import { until } from '../../test/deadline.ts'
import { NatsCluster } from '../../test/services/nats-cluster.ts'
import { testWith } from '../../test/services/service-test.ts'
import { accountOf, ElectionCaller } from './election-caller.ts'
import { connectNatsSystem } from './nats-connection.ts'
import { connectPatiently } from '../testing/patient-connection.ts'

const natsTest = testWith('nats')
const STREAM = 'TINYGRID_LOG'
const WAIT_MS = 60_000
/** Servers elect by themselves after 4 s at the earliest; a machine that is so slow may be tried again. */
const ATTEMPTS_MAX = 5
/** A server that has a processor now and then answers in this time. */
const BUSY_ANSWER_MS = 5_000
/** What else a user of the system account might do. */
const DENIED = [
  '$SYS.REQ.SERVER.PING.VARZ',
  '$SYS.REQ.SERVER.PING.CONNZ',
  '$SYS.REQ.SERVER.x.RELOAD',
  '$SYS.REQ.SERVER.x.KICK',
  '$SYS.REQ.ACCOUNT.$G.CONNZ',
  '$SYS.REQ.CLAIMS.UPDATE',
  '$JS.API.META.LEADER.STEPDOWN',
  '$JS.API.SERVER.REMOVE',
  '$NRG.AE.x',
  '$NRG.P.x',
]
const UNHEARD = ['>', '$SYS.>', '$NRG.>']

natsTest('a stream whose leader dies is given another by a call', async (t) => {
  const { nats, caller, calls } = await start(t)
  for (let attempt = 1; calls.length === 0 && attempt <= ATTEMPTS_MAX; attempt++) {
    const leader = await nats.ledBy(STREAM)
    await leader.kill()
    caller.notice()
    t.not(await nats.ledBy(STREAM), leader)
    await leader.restart()
    await until('all have everything', WAIT_MS, () => nats.isWhole(STREAM))
  }
  t.regex(calls.flat().join(), /S-R3F-/)
})

natsTest('no leader is called away because another server hangs', async (t) => {
  const { nats, caller, calls } = await start(t, BUSY_ANSWER_MS)
  const leader = await nats.ledBy(STREAM)
  const follower = nats.servers.find((server) => server !== leader)!
  follower.freeze()
  caller.notice()
  await until('the round is over', WAIT_MS, () => !caller.isAsking)
  follower.thaw()
  // The one that hangs may have led the servers' own group.
  t.deepEqual(
    calls.flat().filter((group) => group !== '_meta_'),
    [],
  )
})

natsTest('a user of another account is told that it has to be of the system account', async (t) => {
  const nats = await startServers(t)
  const connection = await connectNatsSystem({ url: nats.url, name: 'test' })
  t.teardown(() => connection.close())
  const options = {
    connection,
    account: '$G',
    clock: systemClock,
    onCall: () => {},
    answerMs: 1_000,
  }
  await t.throwsAsync(ElectionCaller.open(options), {
    instanceOf: StartError,
    message: /^The user of NATS_SYSTEM_URL may not ask .* system account$/,
  })
})

natsTest('who may call elections may do nothing else', async (t) => {
  const nats = await startServers(t)
  const connection = await connectNatsSystem({ url: nats.systemUrl!, name: 'test' })
  t.teardown(() => connection.close())
  let refused = 0
  const count = async () => {
    for await (const { type, data } of connection.status()) {
      if (type === Events.Error && data === ErrorCode.PermissionsViolation) refused++
    }
  }
  count().catch(() => {})
  for (const subject of DENIED) connection.publish(subject, '')
  for (const subject of UNHEARD) connection.subscribe(subject, { callback: () => {} })
  const all = DENIED.length + UNHEARD.length
  await until('all are refused', WAIT_MS, () => refused === all)
  t.is(refused, all)
})

async function start(t: ExecutionContext, answerMs?: number) {
  const nats = await startServers(t)
  const node = await connectPatiently({
    url: nats.url,
    name: 'node',
    inboxPrefix: 'tinygrid.inbox',
  })
  t.teardown(() => node.close())
  const { streams } = await node.jetstreamManager({ checkAPI: false })
  const config = { name: STREAM, subjects: ['tinygrid.log.*'], num_replicas: 3 }
  const kind = { retention: RetentionPolicy.Limits, storage: StorageType.File }
  await until('the stream is made', WAIT_MS, () => {
    return streams.add({ ...config, ...kind }).then(
      () => true,
      () => false,
    )
  })
  await until('all have it', WAIT_MS, () => nats.isWhole(STREAM))
  const system = await connectNatsSystem({ url: nats.systemUrl!, name: 'system' })
  t.teardown(() => system.close())
  const calls: (readonly string[])[] = []
  const caller = await ElectionCaller.open({
    connection: system,
    account: await accountOf(node),
    clock: systemClock,
    onCall: (groups) => calls.push(groups),
    ...(answerMs !== undefined && { answerMs }),
  })
  t.teardown(() => caller.close())
  return { nats, caller, calls }
}

async function startServers(t: ExecutionContext): Promise<NatsCluster> {
  const nats = await NatsCluster.start({ size: 3, server: { isGuarded: true } })
  t.teardown(() => nats.close())
  return nats
}
