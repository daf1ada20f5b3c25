/**
 * Nodes of the version that was released last, and today's, in one cluster over the same servers.
 *
 * `TINYGRID_TEST_UPGRADE_MS=60000` lets requests go on for so long between two replacements.
 */
import { MongoClient } from 'mongodb'
import type { PartitionId } from '../links/ids.ts'
import { linkVersion } from '../links/testing/sample-links.ts'
import { documentOf, type LinkDocument } from '../persistence/store/mongo-link-document.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { ClusterWorld, type ClusterNode } from './cluster-world.ts'
import { pause, until } from './deadline.ts'
import {
  expectedOf,
  fullCodeOf,
  NEWER_LINKS,
  NEWER_SETTINGS,
  routeOf,
  shownBy,
  type NewerLink,
} from './older-program/newer-links.ts'
import { unpackOlderProgram } from './older-program/older-program.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const LOAD = { writers: 2, readers: 2 }
const NODES = 3
const ENV = { TINYGRID_PARTITIONS: '32', TINYGRID_BASE_URL: 'https://sho.rt' }
const BETWEEN_MS = Number(process.env['TINYGRID_TEST_UPGRADE_MS'] ?? 0)
const TEST_MS_MAX = 400_000 + 2 * NODES * BETWEEN_MS
const PATIENCE_MS = 60_000
const PLAIN_STATUS = {
  kind: 'stored',
  format: 2,
  fields: { url: 'https://example.org/stored', redirectStatus: 307 },
} as const

clusterTest(
  'nodes of the version before are replaced one by one by today’s, and back: nothing fails or is lost',
  async (t) => {
    t.timeout(TEST_MS_MAX)
    const older = unpackOlderProgram(t)
    const scenario = await startScenario(t, { nodes: NODES, main: older, env: ENV }, LOAD)
    const { world, history, clients } = scenario
    for (const main of [undefined, older]) {
      world.main = main
      const written = clients.counts.written
      const replaced = world.nodes.slice()
      for (const node of replaced) {
        t.is(await world.stop(node), 0)
        await world.addNode()
        await world.settled()
        await pause(BETWEEN_MS)
      }
      await until('requests went on', PATIENCE_MS, () => clients.counts.written > written)
    }
    t.deepEqual(await endScenario(t, scenario), [])
    t.deepEqual(clients.failures, [])
    t.true(history.codes.length > 0)
  },
)

/** A link of a newer kind, in a partition that has no other one. */
interface Placed {
  readonly link: NewerLink
  readonly code: string
  readonly partition: PartitionId
}

clusterTest(
  'beside older nodes new kinds of links are refused or kept, never misread, also by an owner that cannot read them',
  async (t) => {
    t.timeout(TEST_MS_MAX)
    const world = await ClusterWorld.start(t, { nodes: 1, main: unpackOlderProgram(t), env: ENV })
    const [older] = world.nodes as [ClusterNode]
    world.main = undefined
    Object.assign(world.env, NEWER_SETTINGS)
    const today = await world.addNode()
    await world.settled()

    // Where the owner is an older one, no link is made that is less than what was asked.
    for (const { link, code } of await place(world, older)) {
      const { status } = await today.program.create({ ...link.fields, code })
      t.true(status === 400 || status === 503, `${link.kind}: ${status}`)
      t.not((await today.program.api(routeOf(link, code))).status, 200, link.kind)
    }

    const [stored, ...placed] = (await place(world, today, [PLAIN_STATUS, ...NEWER_LINKS])) as [
      Placed,
      ...Placed[],
    ]
    await store(world, stored)
    for (const { link, code } of placed) {
      t.is((await today.program.create({ ...link.fields, code })).status, 201, link.kind)
      // A domain is nothing that it knows: there the code is a free one.
      t.is((await older.program.visit(code)).status, link.kind === 'domain' ? 404 : 503, link.kind)
    }
    const { link, code } = placed.find(({ link: { kind } }) => kind === 'status')!
    const json = { title: 'by way of an older node' }
    t.is((await older.program.api(`/api/links/${code}`, { method: 'PATCH', json })).status, 200)
    t.like(await shownBy(today.program, link, code), { ...expectedOf(link), ...json })

    // What it cannot read in the log it leaves there, and does not open the partition.
    await world.kill(today)
    const closed = new Set<number>(placed.map(({ partition }) => partition))
    await until('the older node has all but these', PATIENCE_MS, async () => {
      const rows = (await world.view.table())?.rows ?? []
      return (
        rows.length > 0 &&
        rows.every(({ owner }, partition) => {
          return owner === (closed.has(partition) ? null : older.id)
        })
      )
    })
    t.regex(older.program.output, /it has format [23], known is 1/)
    for (const { link: one, code: its } of placed) {
      if (one.kind !== 'domain') t.is((await older.program.visit(its)).status, 503, one.kind)
    }
    // Nor does it open what it cannot read in the store, or give its code to another link.
    t.is((await older.program.visit(stored.code)).status, 503)
    const other = { url: 'https://example.org/other', code: stored.code }
    t.is((await older.program.create(other)).status, 503)

    const next = await world.addNode()
    t.is(await world.stop(older), 0)
    await world.settled()
    for (const { link: one, code: its } of [stored, ...placed]) {
      t.like(await shownBy(next.program, one, its), expectedOf(one), one.kind)
    }
  },
)

/** A code for each of these links, each in another partition, all of this owner. */
async function place(
  world: ClusterWorld,
  owner: ClusterNode,
  links: readonly NewerLink[] = NEWER_LINKS,
): Promise<Placed[]> {
  const rows = (await world.view.table())!.rows
  const taken = new Set<PartitionId>()
  return links.map((link) => {
    for (;;) {
      const code = world.newCode()
      const partition = world.ring.partitionOf(fullCodeOf(link, code) as typeof code)
      if (taken.has(partition) || rows[partition]!.owner !== owner.id) continue
      taken.add(partition)
      return { link, code, partition }
    }
  })
}

/** Puts a link where its log has been trimmed: into MongoDB alone. */
async function store(world: ClusterWorld, { code, partition }: Placed): Promise<void> {
  const client = await MongoClient.connect(world.services.mongo.url)
  const version = linkVersion(code, 1, PLAIN_STATUS.fields)
  const links = client.db('tinygrid').collection<LinkDocument>('tinygrid.links')
  await links.insertOne(documentOf(version, partition))
  await client.close()
}
