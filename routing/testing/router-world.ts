/**
 * A world for the router's tests: nodes that own partitions, a network between them, a cache and a
 * store behind, and a clock that the test moves. The router under test runs on the node `here`.
 */
import { TinygridError, type OwnerHint } from '../../links/errors.ts'
import {
  toEpochMs,
  type Code,
  type Epoch,
  type LogPosition,
  type NodeId,
  type PartitionId,
} from '../../links/ids.ts'
import { encodeLink as encodeRecord, type LinkVersion } from '../../links/link-record.ts'
import { lookupOf, UNKNOWN, type Link, type Lookup } from '../../links/link.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryNetwork } from '../../cluster/testing/memory-peers.ts'
import {
  encodeAnswers,
  OWNER_CALLS,
  parseCodes,
  parseRequests,
  WRITES_LIMITS,
  type Asked,
  type OwnerRequest,
} from '../../cluster/peers/owner-protocol.ts'
import { encodeLink, encodeLookup, encodeWriteResult } from '../../cluster/peers/owner-values.ts'
import { parseWriteRequest } from '../../cluster/peers/write-requests.ts'
import {
  encodeResolved,
  parseResolveRequest,
  RESOLVE_LIMITS,
} from '../../cluster/peers/resolve-values.ts'
import type { PlacedOwner, Placement } from '../../cluster/table/placement.ts'
import type { Found, LocalOwner, WriteRequest, WriteResult } from '../../links/link-owner.ts'
import type { Visitor } from '../../links/redirect-rules.ts'
import { resolveLink, type Resolved } from '../../links/resolution.ts'
import { Ring } from '../../links/ring.ts'
import type { VersionCache } from '../fallback-lookups.ts'
import { Router, type RouterOptions } from '../router.ts'

const START = toEpochMs(1_000_000)

export const HERE = 'here' as NodeId
export const A = 'a' as NodeId
export const B = 'b' as NodeId

/** Who owns what, as the test says; takes hints as a node does. */
class TestPlacement implements Placement {
  readonly #rows: PlacedOwner[]
  readonly #listeners = new Set<() => void>()

  constructor(partitions: number, owner: NodeId) {
    this.#rows = Array.from({ length: partitions }, () => ({ owner, epoch: 1 as Epoch }))
  }

  get listeners(): number {
    return this.#listeners.size
  }

  ownerOf(partition: PartitionId): PlacedOwner {
    return this.#rows[partition]!
  }

  learn(partition: PartitionId, owner: NodeId, epoch: Epoch): void {
    if (epoch > this.#rows[partition]!.epoch) this.#set(partition, owner, epoch)
  }

  /** Gives every partition to the node, in the next epoch. */
  move(owner: NodeId | null): void {
    for (const [partition, { epoch }] of this.#rows.entries()) {
      this.#set(partition as PartitionId, owner, (epoch + 1) as Epoch)
    }
  }

  #set(partition: PartitionId, owner: NodeId | null, epoch: Epoch): void {
    this.#rows[partition] = { owner, epoch }
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** An owner with links in a map, which can be told to refuse, to be slow, or to have forgotten. */
export class TestOwner implements LocalOwner {
  readonly links = new Map<Code, Link>()
  /** Not in memory: look-ups say 'unknown'. */
  readonly evicted = new Set<Code>()
  /** What every request is refused with. */
  refusal: TinygridError | undefined
  /** Awaited by every read, write and find. */
  pause: Promise<void> | undefined
  readonly writes: WriteRequest[] = []
  lookups = 0

  add(code: string, changes: Partial<Link> = {}): Link {
    const link = linkOf(code, changes)
    this.links.set(link.code, link)
    return link
  }

  lookup(code: Code): Lookup {
    if (this.refusal !== undefined || this.evicted.has(code)) return UNKNOWN
    return lookupOf(this.links.get(code), START)
  }

  staleLookup(code: Code): Lookup {
    return this.links.has(code) ? lookupOf(this.links.get(code), START) : UNKNOWN
  }

  async find(code: Code): Promise<Found> {
    return { lookup: lookupOf(await this.read(code), START), source: 'owner' }
  }

  staleLink(code: Code): Link | undefined {
    return this.links.get(code)
  }

  async resolve(code: Code, visitor: Visitor): Promise<Resolved> {
    return resolveLink(await this.read(code), visitor, START)
  }

  async read(code: Code): Promise<Link | undefined> {
    await this.pause
    if (this.refusal !== undefined) throw this.refusal
    return this.links.get(code)
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    this.writes.push(request)
    await this.pause
    if (this.refusal !== undefined) throw this.refusal
    const link = this.links.get(request.code)
    return link === undefined ? { kind: 'absent' } : { kind: 'done', link }
  }
}

export class RouterWorld {
  readonly clock = new ManualClock()
  readonly ring = new Ring(16)
  readonly network = new MemoryNetwork({ clock: this.clock })
  readonly placement = new TestPlacement(16, A)
  readonly here = new TestOwner()
  readonly a = new TestOwner()
  readonly b = new TestOwner()
  readonly cache = new TestVersions()
  readonly store = new TestVersions()
  /** Names of the calls that arrived, in order. */
  readonly calls: string[] = []
  readonly #peers = this.network.join(HERE)
  readonly #peersOfA = this.#serve(A, this.a)
  readonly router: Router

  constructor(options: Partial<RouterOptions> = {}) {
    this.#serve(B, this.b)
    this.here.refusal = new TinygridError('not_owner')
    let operations = 0
    this.router = new Router({
      ring: this.ring,
      nodeId: HERE,
      placement: this.placement,
      local: this.here,
      peers: this.#peers,
      fallback: { cache: this.cache, store: this.store },
      clock: this.clock,
      now: () => this.now(),
      defer: queueMicrotask,
      random: () => 0.5,
      newOperationId: () => `op${operations++}`,
      ...options,
    })
  }

  now() {
    return toEpochMs(START + this.clock.now())
  }

  get counters() {
    return this.router.counters
  }

  find(code: string): Promise<Found> {
    return this.router.find(code as Code)
  }

  /** Where the code leads, and who said so. */
  async answer(code: string): Promise<string> {
    const { lookup, source } = await this.find(code)
    return `${lookup.kind === 'redirect' ? lookup.url : lookup.kind} by ${source}`
  }

  broadcast(...codes: string[]): void {
    this.#peersOfA.broadcast('links.changed', { codes })
  }

  /** The node refuses everything and names another owner. */
  refer(owner: TestOwner, hint?: OwnerHint): void {
    owner.refusal = new TinygridError('not_owner', hint === undefined ? {} : { owner: hint })
  }

  #serve(node: NodeId, owner: TestOwner) {
    const peers = this.network.join(node)
    peers.handle(OWNER_CALLS.lookup, (params) => {
      this.calls.push('lookup')
      const answers = understood(parseCodes(params)).map(({ what }) => {
        owner.lookups++
        return owner.refusal ?? owner.lookup(what)
      })
      return encodeAnswers(answers, encodeLookup)
    })
    peers.handle(OWNER_CALLS.find, async (params) => {
      this.calls.push('find')
      const found = understood(parseCodes(params)).map(({ what }) => owner.find(what))
      return encodeAnswers(await settled(found), ({ lookup }) => encodeLookup(lookup))
    })
    peers.handle(OWNER_CALLS.resolve, async (params) => {
      this.calls.push('resolve')
      const requests = understood(parseRequests(params, parseResolveRequest, RESOLVE_LIMITS))
      const resolved = requests.map(({ what }) => owner.resolve(what.code, what.visitor))
      return encodeAnswers(await settled(resolved), encodeResolved)
    })
    peers.handle(OWNER_CALLS.read, async (params) => {
      const links = understood(parseCodes(params)).map(({ what }) => owner.read(what))
      return encodeAnswers(await settled(links), encodeLink)
    })
    peers.handle(OWNER_CALLS.write, async (params) => {
      this.calls.push('write')
      const requests = understood(parseRequests(params, parseWriteRequest, WRITES_LIMITS))
      const results = await settled(requests.map(({ what }) => owner.write(what)))
      return encodeAnswers(results, (result, index) => {
        return encodeWriteResult(result, requests[index]!.what)
      })
    })
    return peers
  }
}

/** A cache or a store: versions in a map, which can fail or hang. */
class TestVersions implements VersionCache {
  readonly versions = new Map<Code, LinkVersion>()
  isDown = false
  hangs = false
  gets = 0

  add(code: string, changes: Partial<Link> = {}): void {
    const record = encodeRecord(linkOf(code, changes))
    this.versions.set(code as Code, { code: code as Code, position: 1 as LogPosition, record })
  }

  async get(code: Code): Promise<LinkVersion | undefined> {
    this.gets++
    if (this.isDown) throw new Error('down')
    if (this.hangs) return new Promise(() => {})
    return this.versions.get(code)
  }

  async put(versions: readonly LinkVersion[]): Promise<void> {
    if (this.isDown) throw new Error('down')
    for (const version of versions) this.versions.set(version.code, version)
  }
}

/** All of them, since a router sends nothing else. */
function understood<T>(requests: readonly Asked<T>[]): OwnerRequest<T>[] {
  return requests.map((request) => {
    if (request instanceof TinygridError) throw request
    return request
  })
}

function settled<T>(work: readonly Promise<T>[]): Promise<(T | TinygridError)[]> {
  return Promise.all(work.map((one) => one.catch((error: unknown) => error as TinygridError)))
}

function linkOf(code: string, changes: Partial<Link>): Link {
  return {
    code: code as Code,
    url: `https://example.com/${code}`,
    title: null,
    tags: [],
    createdAt: START,
    updatedAt: START,
    expiresAt: null,
    maxVisits: null,
    visits: 0,
    isAlias: false,
    lifecycle: 'live',
    ...changes,
  }
}
