import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { connect, type NatsConnection } from 'nats'
import { MongoService } from './mongo-service.ts'
import { NatsService, type NatsOptions } from './nats-service.ts'
import { RedisService } from './redis-service.ts'
import { testWith } from './service-test.ts'

type Teardown = { teardown(fn: () => Promise<void> | void): void }

const NATS_MODULE = pathToFileURL(path.resolve(import.meta.dirname, 'nats-service.ts')).href

/** For an answer, from a server that shares the processor with all other tests. */
const PATIENCE_MS = 20_000
/** A server that answers nothing in this time is frozen; one that is not has answered long before. */
const FROZEN_MS = 500

const natsTest = testWith('nats')
const redisTest = testWith('redis')
const mongoTest = testWith('mongo')

async function startNats(t: Teardown, options?: NatsOptions): Promise<NatsService> {
  const nats = await NatsService.start(options)
  t.teardown(() => nats.close())
  return nats
}

async function startMongo(t: Teardown): Promise<MongoService> {
  const mongo = await MongoService.start()
  t.teardown(() => mongo.close())
  return mongo
}

/** The answer, or that there was none for a while. */
function firstOf(asked: Promise<unknown>): Promise<unknown> {
  return Promise.race([asked, setTimeout(FROZEN_MS, 'no answer')])
}

/** One connection, which the server's own end also ends. */
async function natsClient(t: Teardown, { url }: NatsService): Promise<NatsConnection> {
  const client = await connect({ servers: url, timeout: PATIENCE_MS, reconnect: false })
  t.teardown(() => client.close())
  return client
}

function mongoClient(t: Teardown, { url }: MongoService): MongoClient {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: PATIENCE_MS })
  t.teardown(() => client.close())
  return client
}

natsTest('a message in a stream outlives a kill and a restart of NATS', async (t) => {
  const nats = await startNats(t)
  const before = await natsClient(t, nats)
  const manager = await before.jetstreamManager()
  await manager.streams.add({ name: 'LOG', subjects: ['log.>'] })
  await before.jetstream().publish('log.1', 'kept')
  const { url } = nats

  await nats.kill()
  t.false(nats.isRunning)
  await t.throwsAsync(natsClient(t, nats))
  await nats.restart()

  t.is(nats.url, url)
  const after = await (await natsClient(t, nats)).jetstreamManager()
  const message = await after.streams.getMessage('LOG', { seq: 1 })
  t.is(message.string(), 'kept')
})

natsTest('a frozen NATS answers nothing, and goes on when thawed', async (t) => {
  const nats = await startNats(t)
  const client = await natsClient(t, nats)
  client.subscribe('echo', { callback: (_, message) => void message.respond(message.data) })
  const first = await client.request('echo', 'one', { timeout: PATIENCE_MS })
  t.is(first.string(), 'one')

  nats.freeze()
  const asked = client.request('echo', 'two', { timeout: PATIENCE_MS })
  t.is(await firstOf(asked), 'no answer')
  nats.thaw()
  t.is((await asked).string(), 'two')
  t.is((await client.request('echo', 'three', { timeout: PATIENCE_MS })).string(), 'three')
})

natsTest('NATS asks for the user and password it was given', async (t) => {
  const nats = await startNats(t, { user: 'tiny', password: 'se"cret' })
  await t.throwsAsync(natsClient(t, nats), { message: /Authorization/ })

  const client = await connect({ servers: nats.url, user: 'tiny', pass: 'se"cret' })
  t.true(client.info!.jetstream)
  await client.close()
})

natsTest('NATS without JetStream refuses streams', async (t) => {
  const nats = await startNats(t, { jetStream: false, config: 'max_payload: 64KB' })
  const client = await natsClient(t, nats)
  t.is(client.info!.max_payload, 65_536)
  await t.throwsAsync(client.jetstreamManager())
})

natsTest('a setting that NATS does not know stops the start, and says so', async (t) => {
  await t.throwsAsync(NatsService.start({ config: 'no_such_setting: 1' }), {
    message: /no_such_setting/,
  })
})

natsTest('two servers do not see each other', async (t) => {
  const [one, other] = await Promise.all([startNats(t), startNats(t, { syncsAlways: true })])
  t.not(one.port, other.port)
  const manager = await (await natsClient(t, one)).jetstreamManager()
  await manager.streams.add({ name: 'LOG', subjects: ['log.>'] })

  const { streams } = await (await natsClient(t, other)).jetstreamManager()
  t.deepEqual(await streams.names().next(), [])
})

natsTest('a port that is taken stops a start that asked for it', async (t) => {
  const { port } = await startNats(t)
  await t.throwsAsync(NatsService.start({ port }), { message: /in use/ })
})

natsTest('a directory that was given outlives the server; its own does not', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-services-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const [given, own] = await Promise.all([NatsService.start({ directory }), NatsService.start()])
  await Promise.all([given.close(), own.close()])
  t.true(existsSync(path.join(directory, 'jetstream')))
  t.false(existsSync(own.directory))
})

redisTest('Redis answers, freezes, and starts again empty', async (t) => {
  const redis = await RedisService.start()
  t.teardown(() => redis.close())
  const client = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  client.on('error', () => undefined)
  t.teardown(() => client.disconnect())
  await client.set('key', 'value')
  t.is(await client.get('key'), 'value')

  redis.freeze()
  const asked = client.get('key')
  t.is(await firstOf(asked), 'no answer')
  redis.thaw()
  t.is(await asked, 'value')

  await redis.kill()
  await redis.restart()
  t.is(await client.get('key'), null)
})

mongoTest('a document outlives a kill and a restart of MongoDB', async (t) => {
  const mongo = await startMongo(t)
  const links = mongoClient(t, mongo).db('tinygrid').collection('links')
  await links.insertOne({ code: 'kept' })

  await mongo.kill()
  await mongo.restart()
  t.is((await links.findOne({}))?.['code'], 'kept')

  await mongo.restart()
  t.is((await links.findOne({}))?.['code'], 'kept')
})

mongoTest('a frozen MongoDB answers nothing, and goes on when thawed', async (t) => {
  const mongo = await startMongo(t)
  const admin = mongoClient(t, mongo).db('admin')
  await admin.command({ ping: 1 })

  mongo.freeze()
  const asked = admin.command({ ping: 1 })
  t.is(await firstOf(asked), 'no answer')
  mongo.thaw()
  t.is((await asked)['ok'], 1)
})

natsTest('a server dies with the process that started it, even by SIGKILL', async (t) => {
  const source = `
    const { NatsService } = await import(${JSON.stringify(NATS_MODULE)})
    const { port, directory } = await NatsService.start()
    console.log(JSON.stringify({ port, directory }))`
  const parent = execFile(process.execPath, ['--input-type=module', '-e', source])
  const line = await new Promise<string>((resolve) => parent.stdout!.once('data', resolve))
  const { port, directory } = JSON.parse(line) as Orphan
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  t.true(await listens(port))

  parent.kill('SIGKILL')
  t.true(await endsInTime(port))
})

natsTest('a server dies with the worker thread that started it', async (t) => {
  const source = `
    const { parentPort } = await import('node:worker_threads')
    const { NatsService } = await import(${JSON.stringify(NATS_MODULE)})
    const { port, directory } = await NatsService.start()
    parentPort.postMessage({ port, directory })`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
  const { port, directory } = await new Promise<Orphan>((resolve) => {
    worker.once('message', resolve)
  })
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  t.true(await listens(port))

  await worker.terminate()
  t.true(await endsInTime(port))
})

/** A server whose starter is gone: it is watched by its port, for nobody buries its process. */
interface Orphan {
  readonly port: number
  readonly directory: string
}

async function endsInTime(port: number): Promise<boolean> {
  const deadline = Date.now() + 10_000
  while (await listens(port)) {
    if (Date.now() > deadline) return false
    await setTimeout(20)
  }
  return true
}

function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
  }).finally(() => socket.destroy())
}
