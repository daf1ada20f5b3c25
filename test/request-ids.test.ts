import test from 'ava'
import { serveOwner } from '../actors/remote/owner-service.ts'
import type { RefusedRequest } from '../actors/remote/refused-requests.ts'
import { MemoryNetwork } from '../cluster/testing/memory-peers.ts'
import { FakeLinks } from '../gateway/testing/fake-links.ts'
import { startGateway } from '../gateway/testing/test-gateway.ts'
import { TinygridError } from '../links/errors.ts'
import { toEpochMs, type Epoch, type NodeId } from '../links/ids.ts'
import { currentMark } from '../links/request-mark.ts'
import { Ring } from '../links/ring.ts'
import { Router } from '../routing/router.ts'

const [GATEWAY, OWNER] = ['gateway', 'owner'] as NodeId[]
const now = () => toEpochMs(Date.now())

/** A gateway whose every link is another node's. */
async function startCluster(t: Parameters<typeof startGateway>[0]) {
  const network = new MemoryNetwork()
  const ring = new Ring(16)
  const placed = { owner: OWNER!, epoch: 1 as Epoch }
  const placement = { ownerOf: () => placed, learn: () => {}, onChange: () => () => {} }
  const links = new FakeLinks(now)
  const seen: (string | undefined)[] = []
  const refused: RefusedRequest[] = []
  const owner = Object.assign(Object.create(links) as FakeLinks, {
    lookup: links.lookup.bind(links),
    find: links.find.bind(links),
    read: (...given: Parameters<FakeLinks['read']>) => {
      seen.push(currentMark()?.id)
      return links.read(...given)
    },
    write: (...given: Parameters<FakeLinks['write']>) => {
      seen.push(currentMark()?.id)
      return links.write(...given)
    },
  })
  const clock = { now: () => performance.now(), after: later }
  const surroundings = { ring, placement, clock, now }
  serveOwner({
    ...surroundings,
    owner,
    peers: network.join(OWNER!),
    onRefused: (one) => refused.push(one),
    onError: () => {},
  })
  const router = new Router({ ...surroundings, nodeId: GATEWAY!, peers: network.join(GATEWAY!) })
  const gateway = await startGateway(t, {}, undefined, { owner: router })
  return { ...gateway, links, seen, refused }
}

function later(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms)
  return () => clearTimeout(timer)
}

test('the owner of a link works on a request under the id that its client is told', async (t) => {
  const { call, seen } = await startCluster(t)
  const made = await Promise.all(
    Array.from({ length: 5 }, (_, n) =>
      call('POST', '/api/links', { url: `https://example.com/${n}` }),
    ),
  )
  const shown = await call('GET', `/api/links/${made[0]!.json.code}`)
  const told = [...made, shown].map(({ headers }) => headers['x-request-id'])
  t.is(new Set(told).size, 6)
  t.deepEqual(new Set(seen), new Set(told))
})

test('what the owner refuses is told there by the same id', async (t) => {
  const { call, links, refused } = await startCluster(t)
  links.failure = new TinygridError('store_unavailable')
  const { status, headers } = await call('GET', '/api/links/abc1234')
  t.is(status, 503)
  t.deepEqual(
    refused.map(({ requestId, from, call: name, error }) => [requestId, from, name, error.code]),
    [[headers['x-request-id'], GATEWAY, 'links.read', 'store_unavailable']],
  )
})

test('a redirect carries no id to the owner', async (t) => {
  const { add, call, links, seen, refused } = await startCluster(t)
  const { code } = add({ code: 'abc1234' })
  links.links.set(code, add({ code: 'abc1234' }))
  t.is((await call('GET', `/${code}`)).status, 302)
  t.deepEqual(seen, [])
  t.deepEqual(refused, [])
})
