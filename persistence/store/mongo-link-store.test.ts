/** The store in MongoDB keeps the contract of a link store, on each kind of server there is. */
import path from 'node:path'
import test from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { MongoJavaService, MongoService } from '../../test/services/mongo-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { askedAgain } from '../testing/outage-world.ts'
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import { MongoLinkStore } from './mongo-link-store.ts'

const { partitions } = STORE_RING
const REACHED_WITHIN_MS = 20_000
/** Stories that a server bears at a time: a read may take 2 s, whatever else it has to do. */
const STORIES_MAX = 1

type Service = MongoService | MongoJavaService

const mongo = findProgram('mongo')
if (mongo === undefined) {
  testWith('mongo')('MongoDB store on MongoDB or FerretDB: the contract', () => {})
} else {
  testOn(path.basename(mongo.path), () => MongoService.start())
}
if (findProgram('mongo-java') === undefined) {
  testWith('mongo-java')('MongoDB store on mongo-java-server: the contract', () => {})
} else {
  testOn('mongo-java-server', () => MongoJavaService.start())
}

/** One server for all, since it takes a while to warm up; a namespace for each story. */
function testOn(program: string, start: () => Promise<Service>): void {
  let server: Promise<Service> | undefined
  let places = 0
  let running = 0
  const waiting: (() => void)[] = []
  const end = () => {
    running--
    waiting.shift()?.()
  }
  test.after.always(async () => {
    await (await server)?.close()
  })
  const createPlace = async () => {
    if (++running > STORIES_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
    server ??= start()
    const { url } = await server
    return placeAt(url, `place-${places++}`, end)
  }
  testLinkStoreContract(`MongoDB store on ${program}`, createPlace)
  testLinkListContract(`MongoDB store on ${program}`, createPlace)
}

function placeAt(url: string, namespace: string, end: () => void) {
  const opened: MongoLinkStore[] = []
  const world = new SettingsWorld()
  return {
    async open() {
      const identity = await world.settingsOf(namespace, partitions)
      const store = await MongoLinkStore.open(
        { url, namespace, partitions, identity },
        systemLongWork(),
      )
      opened.push(store)
      await untilReached(store)
      return askedAgain(store, REACHED_WITHIN_MS)
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()))
      end()
    },
  }
}

/** A store is open before its server is there; stories begin when it is. */
async function untilReached(store: MongoLinkStore): Promise<void> {
  const deadline = performance.now() + REACHED_WITHIN_MS
  while ((await store.check()) !== 'ok') {
    if (performance.now() > deadline) throw new Error('MongoDB was not reached in time')
  }
}
