import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { connect } from 'nats'
import { ClusterServices } from './cluster-services.ts'
import { freePort } from './free-port.ts'
import { NatsService } from './nats-service.ts'
import { reach, testReaching, testWith } from './service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')

clusterTest('all three start at once, and nothing is left of them', async (t) => {
  const services = await ClusterServices.start()
  t.teardown(() => services.close())
  const each = [services.nats, services.redis, services.mongo]
  t.true(each.every(({ isRunning }) => isRunning))
  t.deepEqual(services.env, {
    NATS_URL: services.nats.url,
    REDIS_URL: services.redis.url,
    MONGO_URL: services.mongo.url,
  })

  await services.close()
  t.false(each.some(({ isRunning }) => isRunning))
})

clusterTest('with a directory and ports, they come back where they were', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-services-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const ports = { nats: await freePort(), redis: await freePort(), mongo: await freePort() }
  const first = await ClusterServices.start({ directory, ports })
  const { env } = first
  await first.close()
  t.deepEqual(readdirSync(directory).sort(), ['mongo', 'nats', 'redis'])

  const second = await ClusterServices.start({ directory, ports })
  t.teardown(() => second.close())
  t.deepEqual(second.env, env)
  t.is(second.nats.port, ports.nats)
})

clusterTest('where one cannot start, none is left running', async (t) => {
  const taken = await NatsService.start()
  t.teardown(() => taken.close())
  const ports = { nats: taken.port, redis: await freePort(), mongo: await freePort() }
  await t.throwsAsync(ClusterServices.start({ ports }), { message: /in use/ })

  // The ports of the other two are free again, so they can be had.
  const others = { ...ports, nats: await freePort() }
  const services = await ClusterServices.start({ ports: others })
  t.teardown(() => services.close())
  t.is(services.redis.port, ports.redis)
})

testReaching('nats')('a test that only talks to NATS is given a server', async (t) => {
  const client = await connect({ servers: await reach(t, 'nats') })
  t.truthy(client.info?.version)
  await client.close()
})
