/**
 * A cluster at rest, compared with the history of what its clients did: by the API, and in MongoDB.
 */
import { systemLongWork } from '../links/long-work.ts'
import type { Code } from '../links/ids.ts'
import { decodeLink } from '../links/link-record.ts'
import { MongoLinkStore } from '../persistence/store/mongo-link-store.ts'
import type { ClusterHistory, LinkState } from './cluster-history.ts'
import type { ClusterNode, ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'

/** The write-behind may take so long until MongoDB has everything. */
const DRAIN_MS_MAX = 60_000
/** Requests under way at a time. */
const CHECKS = 16

/** Finds out what became of writes whose outcome is not known. All nodes must be awake. */
export async function settleUnknown(world: ClusterWorld, history: ClusterHistory): Promise<void> {
  await compare(world, history, history.unknown)
}

/** Each link that there ever was, asked for at any node. */
export async function compareByApi(world: ClusterWorld, history: ClusterHistory): Promise<void> {
  await compare(world, history, history.codes)
}

async function compare(
  world: ClusterWorld,
  history: ClusterHistory,
  codes: readonly string[],
): Promise<void> {
  const waiting = codes.values()
  const work = async () => {
    for (const code of waiting) {
      const node = world.pick()
      const found = await stateAt(node, code, history.stateOf(code))
      history.settle(code, found, `at ${node.id}`)
    }
  }
  await Promise.all(Array.from({ length: CHECKS }, work))
}

async function stateAt(
  { program }: ClusterNode,
  code: string,
  known: LinkState,
): Promise<LinkState> {
  const response = await program.api(`/api/links/${code}`)
  const body = (await response.json()) as { url: string; title: string | null }
  if (response.status === 200) return { url: body.url, title: body.title, isDeleted: false }
  if (response.status === 404) return undefined
  if (response.status !== 410) throw new Error(`${response.status}: ${JSON.stringify(body)}`)
  // A deleted link does not show what it was; MongoDB does.
  return { ...(known ?? { url: '', title: null }), isDeleted: true }
}

/** Waits until MongoDB has what the history says, and notes where it comes to rest otherwise. */
export async function compareInMongo(world: ClusterWorld, history: ClusterHistory): Promise<void> {
  const { url } = world.services.mongo
  const { partitions } = world.ring
  const identity = await world.view.settings(partitions)
  const store = await MongoLinkStore.open(
    { url, namespace: 'tinygrid', partitions, identity },
    systemLongWork(),
  )
  let found = new Map<string, LinkState>()
  const isEqual = (code: string) => same(found.get(code), history.stateOf(code))
  try {
    await until('MongoDB has what was acknowledged', DRAIN_MS_MAX, async () => {
      found = await linksIn(store, world)
      return history.codes.every(isEqual)
    })
  } catch (error) {
    history.wrong.push(String(error))
  } finally {
    await store.close()
  }
  for (const code of history.codes.filter((each) => !isEqual(each))) {
    const [stored, expected] = [found.get(code), history.stateOf(code)].map((s) =>
      JSON.stringify(s),
    )
    history.wrong.push(`${code} in MongoDB is ${stored}, not ${expected}`)
  }
  for (const [code, state] of found) {
    if (state === undefined || history.has(code)) continue
    history.wrong.push(`${code} is in MongoDB, and nobody made it: ${JSON.stringify(state)}`)
  }
}

async function linksIn(store: MongoLinkStore, { ring }: ClusterWorld) {
  const links = new Map<string, LinkState>()
  for await (const versions of store.load(ring.all())) {
    for (const { code, record } of versions) links.set(code satisfies Code, stateIn(record))
  }
  return links
}

function stateIn(record: Parameters<typeof decodeLink>[0]): LinkState {
  const { lifecycle, url, title } = decodeLink(record)
  return lifecycle === 'purged' ? undefined : { url, title, isDeleted: lifecycle === 'deleted' }
}

function same(one: LinkState, other: LinkState): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
