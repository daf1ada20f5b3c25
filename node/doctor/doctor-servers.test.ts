/** The doctor with real servers: what they say, and what of them is broken. */
import test from 'ava'
import { examineClickHouse } from '../../clicks/store/clickhouse-examination.ts'
import { examineNats } from '../../cluster/nats/nats-examination.ts'
import { StartError } from '../../links/errors.ts'
import { examineRedis } from '../../persistence/cache/redis-examination.ts'
import { examineMongo } from '../../persistence/store/mongo-examination.ts'
import { NatsService } from '../../test/services/nats-service.ts'
import { RedisService } from '../../test/services/redis-service.ts'
import { reach, testReaching, testWith } from '../../test/services/service-test.ts'

const instanceOf = StartError
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:9'

testWith('nats')('NATS: what it is, who may not, without JetStream', async (t) => {
  const guarded = await NatsService.start({ isGuarded: true })
  t.teardown(() => guarded.close())
  t.like(await examineNats(guarded.url, 'tinygrid'), { isClustered: false })
  await t.throwsAsync(examineNats(guarded.nodeUrl('others'), 'tinygrid'), {
    instanceOf,
    message: /refuses the credentials in NATS_URL/,
  })
  await t.throwsAsync(examineNats(guarded.observerUrl, 'tinygrid'), {
    instanceOf,
    message: /does not (let|allow) the user in NATS_URL/,
  })
  const bare = await NatsService.start({ jetStream: false })
  t.teardown(() => bare.close())
  await t.throwsAsync(examineNats(bare.url, 'tinygrid'), { instanceOf, message: /no JetStream/ })
})

testWith('redis')('Redis: what it is, its clock, who may not, a replica', async (t) => {
  const args = ['--user', 'reader', 'on', '>secret', '~*', '+@read', '+@connection', '+info']
  const service = await RedisService.start({ args })
  t.teardown(() => service.close())
  const facts = await examineRedis(service.url, 'tinygrid')
  t.like(facts, { isCluster: false, whyNoWrites: undefined })
  t.regex(facts.version, /^\d/)
  t.true(Math.abs(facts.clock!.server - facts.clock!.here) < 60_000)
  const reader = await examineRedis(service.url.replace('//', '//reader:secret@'), 'tinygrid')
  t.regex(reader.whyNoWrites!, /NOPERM|no permissions/i)
  const wrong = service.url.replace('//', '//reader:wrong-word@')
  const refused = await t.throwsAsync(examineRedis(wrong, 'tinygrid'), { instanceOf })
  t.regex(refused.message, /refuses the credentials in REDIS_URL/)
  t.notRegex(refused.message, /wrong-word/)
})

testReaching('mongo')('MongoDB: what it is, its clock, that it can be written', async (t) => {
  const facts = await examineMongo(await reach(t, 'mongo'), 'tinygrid-doctor')
  t.is(facts.whyNoWrites, undefined)
  t.regex(facts.version, /^\d/)
  t.true(Math.abs(facts.clock!.server - facts.clock!.here) < 60_000)
})

test('servers that are away are told with their setting, and without a password', async (t) => {
  const word = 'pass-word'
  const away = [
    [examineNats(`nats://u:${word}@${NOWHERE}`, 'tinygrid'), /NATS at .* cannot .* check NATS_URL/],
    [examineMongo(`mongodb://u:${word}@${NOWHERE}`, 'tinygrid'), /MongoDB at .*; check MONGO_URL/],
    [examineRedis(`redis://u:${word}@${NOWHERE}`, 'tinygrid'), /Redis at .*; check REDIS_URL/],
    [examineClickHouse(`http://u:${word}@${NOWHERE}`, 'tinygrid'), /ClickHouse at .* cannot be re/],
  ] as const
  await Promise.all(
    away.map(async ([examined, message]) => {
      const error = await t.throwsAsync(examined, { instanceOf, message })
      t.notRegex(error.message, new RegExp(word))
    }),
  )
})

testReaching('clickhouse')('ClickHouse: what it is, and its clock', async (t) => {
  const facts = await examineClickHouse(await reach(t, 'clickhouse'), 'tinygrid-doctor')
  t.is(facts.whyNoWrites, undefined)
  t.true(Math.abs(facts.clock.server - facts.clock.here) < 60_000)
})
