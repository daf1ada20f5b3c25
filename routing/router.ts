/**
 * The router: sends each request to the owner of its code's partition.
 *
 * The gateway's only way to links. `hash(code)` gives the partition, the placement its owner: the
 * host in this process, or another node over the peers seam. It is a LinkOwner itself, so routes do
 * not know whether there is one node or twenty. Without peers everything is here, and it adds one
 * call to what the host does.
 *
 * A look-up goes: memory of this node, near cache, owner, and when that does not answer, the
 * fallback (`fallback-lookups.ts`); what that may not answer either waits for the owner for
 * LOOKUP_HOLD_MS. Writes, and reads of the API, ask the owner alone and wait for it for HOLD_MS.
 * Each write has an operation id, so that it is done once however often it is sent.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { systemClock, type Clock, within } from '../links/clock.ts'
import { TinygridError } from '../links/errors.ts'
import { toEpochMs, type Code, type EpochMs, type NodeId } from '../links/ids.ts'
import { UNKNOWN, type Link, type Lookup } from '../links/link.ts'
import { CHANGED, parseChanged } from '../cluster/peers/owner-protocol.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import type { PlacedOwner, Placement } from '../cluster/table/placement.ts'
import type {
  Found,
  LinkOwner,
  LocalOwner,
  Source,
  WriteRequest,
  WriteResult,
} from '../links/link-owner.ts'
import type { Visitor } from '../links/redirect-rules.ts'
import type { Resolved } from '../links/resolution.ts'
import type { Ring } from '../links/ring.ts'
import { FallbackLookups, type FallbackSources } from './fallback-lookups.ts'
import { HeldRequests, HOLD_MS, learnOwner } from './held-requests.ts'
import { NearCache } from './near-cache.ts'
import { isSame } from './owner-waits.ts'
import type { Asker } from './remote-batches.ts'
import { nothingIfRefused, Resolutions } from './resolutions.ts'
import { FIND_TIMEOUT_MS, RemoteOwners } from './remote-owners.ts'
import { createRouterCounters, type RouterCounters } from './router-counters.ts'

/** How long a look-up waits for the owner when nobody else may answer it. */
export const LOOKUP_HOLD_MS = 1_000

/** Look-ups that may wait for their owner: few, as most are of codes that were never given. */
const LOOKUPS_HELD_MAX = 1_000
/** Writes, and reads of the API, that may wait for their owner. */
const REQUESTS_HELD_MAX = 10_000

export interface RouterOptions {
  readonly ring: Ring
  readonly nodeId: NodeId
  readonly placement: Placement
  /** The host of this process; undefined on a node that owns nothing. */
  readonly local?: LocalOwner | undefined
  /** How other nodes are reached; undefined: there are none. */
  readonly peers?: Peers | undefined
  readonly fallback?: FallbackSources
  /** Whether answers of other nodes are kept for up to a second; true if left out. */
  readonly nearCache?: boolean
  readonly counters?: RouterCounters
  readonly clock?: Clock
  /** The wall clock. */
  readonly now?: () => EpochMs
  /** Runs the action at the end of this event-loop turn. */
  readonly defer?: (action: () => void) => void
  /** From 0 to below 1. */
  readonly random?: () => number
  /** A new, unique name for a write. */
  readonly newOperationId?: () => string
}

/** What a router needs to reach other nodes. */
interface Reach {
  readonly clock: Clock
  readonly owners: RemoteOwners
  readonly fallback: FallbackLookups
  readonly lookups: HeldRequests
  readonly requests: HeldRequests
  readonly newOperationId: () => string
}

export class Router implements LinkOwner {
  readonly counters: RouterCounters
  readonly #ring: Ring
  readonly #nodeId: NodeId
  readonly #placement: Placement
  readonly #local: LocalOwner | undefined
  readonly #now: () => EpochMs
  /** undefined: there are no other nodes, and `#local` owns everything. */
  readonly #reach: Reach | undefined
  /** undefined as well. */
  readonly #resolutions: Resolutions | undefined
  /** undefined: answers of other nodes are not kept. */
  readonly #near: NearCache | undefined

  constructor(options: RouterOptions) {
    assert(options.local !== undefined || options.peers !== undefined, 'nobody can be asked')
    this.#ring = options.ring
    this.#nodeId = options.nodeId
    this.#placement = options.placement
    this.#local = options.local
    this.#now = options.now ?? (() => toEpochMs(Date.now()))
    this.counters = options.counters ?? createRouterCounters()
    if (options.peers === undefined) return
    this.#reach = reachOf(options, options.peers, this.#now, this.counters)
    const { clock, owners, fallback, requests } = this.#reach
    this.#resolutions = new Resolutions({
      placement: this.#placement,
      requests,
      ask: (placed, code, visitor) => this.#resolveAt(owners, placed, code, visitor),
      fallback: (code, visitor) => fallback.resolve(code, visitor),
    })
    if (options.nearCache ?? true) this.#near = new NearCache({ clock })
    options.peers.listen(CHANGED, (params) => this.forget(parseChanged(params)))
  }

  lookup(code: Code, now: EpochMs): Lookup {
    const here = this.#local === undefined ? UNKNOWN : this.#local.lookup(code, now)
    if (here.kind !== 'unknown' || this.#near === undefined) return here
    const near = this.#near.get(code, now)
    if (near === undefined) return UNKNOWN
    this.counters.answers.near++
    return near
  }

  /** Where the owner answers at once, this one promise is all that it takes. */
  find(code: Code): Promise<Found> {
    const reach = this.#reach
    if (reach === undefined) return this.#local!.find(code)
    const now = this.#now()
    const here = this.#local?.lookup(code, now) ?? UNKNOWN
    if (here.kind !== 'unknown') return Promise.resolve(this.#found(here, 'owner'))
    const near = this.#near?.get(code, now)
    if (near !== undefined) return Promise.resolve(this.#found(near, 'near'))
    const placed = this.#placement.ownerOf(this.#ring.partitionOf(code))
    return new Promise((resolve) => {
      this.#lookupAt(reach, placed, code, {
        resolve: (lookup) => resolve(this.#found(lookup, 'owner')),
        reject: (error) => resolve(this.#findElsewhere(reach, placed, code, error)),
      })
    })
  }

  resolve(code: Code, visitor: Visitor): Promise<Resolved> {
    if (this.#resolutions === undefined) return this.#local!.resolve(code, visitor)
    return this.#resolutions.resolve(this.#ring.partitionOf(code), code, visitor)
  }

  async read(code: Code): Promise<Link | undefined> {
    const reach = this.#reach
    if (reach === undefined) return this.#local!.read(code)
    const partition = this.#ring.partitionOf(code)
    const hold = { partition, holdMs: HOLD_MS, counter: 'readsHeld' } as const
    return reach.requests.run(hold, (placed) => {
      const { owner, epoch } = placed
      if (owner === null) return Promise.reject(new TinygridError('owner_unavailable'))
      if (this.#isHere(placed)) return this.#local!.read(code)
      return reach.owners.read(owner, { what: code, epoch })
    })
  }

  write(request: WriteRequest): Promise<WriteResult> {
    const reach = this.#reach
    if (reach === undefined) return this.#local!.write(request)
    const what = { ...request, operationId: request.operationId ?? reach.newOperationId() }
    const partition = this.#ring.partitionOf(what.code)
    const hold = { partition, holdMs: HOLD_MS, counter: 'writesHeld' } as const
    const written = reach.requests.run(hold, (placed) => {
      const { owner, epoch } = placed
      if (owner === null) return Promise.reject(new TinygridError('owner_unavailable'))
      if (this.#isHere(placed)) return this.#local!.write(what)
      return reach.owners.write(owner, { what, epoch })
    })
    // The owner's broadcast may come later than its answer: who wrote must see what it wrote. This
    // is done before the caller hears of the answer, since it asks first.
    const forget = () => this.forget([what.code])
    written.then(forget, forget)
    return written
  }

  /** These links have changed: the near cache serves nothing that was said of them before. */
  forget(codes: readonly Code[]): void {
    this.#near?.forget(codes)
  }

  /** `asked` has not answered: the owner that it names, or the fallback, or the owner, held. */
  async #findElsewhere(
    reach: Reach,
    asked: PlacedOwner,
    code: Code,
    refusal: unknown,
  ): Promise<Found> {
    if (!(refusal instanceof TinygridError)) throw refusal
    const partition = this.#ring.partitionOf(code)
    learnOwner(this.#placement, partition, refusal)
    const lookupAt = (placed: PlacedOwner) => {
      return new Promise<Lookup>((resolve, reject) => {
        this.#lookupAt(reach, placed, code, { resolve, reject })
      })
    }
    const hinted = this.#placement.ownerOf(partition)
    if (!isSame(hinted, asked)) {
      const lookup = await lookupAt(hinted).catch(nothingIfRefused)
      if (lookup !== undefined) return this.#found(lookup, 'owner')
    }
    const fallback = await reach.fallback.find(code)
    if (fallback !== undefined) return this.#found(fallback.lookup, fallback.source)
    const hold = { partition, holdMs: LOOKUP_HOLD_MS, counter: 'lookupsHeld' } as const
    return this.#found(await reach.lookups.run(hold, lookupAt), 'owner')
  }

  #lookupAt(reach: Reach, placed: PlacedOwner, code: Code, asker: Asker<Lookup>): void {
    const { owner, epoch } = placed
    if (owner === null) return asker.reject(new TinygridError('owner_unavailable'))
    if (this.#isHere(placed)) {
      return void this.#findHere(reach, code).then(asker.resolve, asker.reject)
    }
    const near = this.#near
    const request = { what: code, epoch }
    if (near === undefined) return reach.owners.lookup(owner, request, asker)
    const asked = near.begin(code)
    reach.owners.lookup(owner, request, {
      resolve: (lookup) => {
        near.end(code, asked, lookup)
        asker.resolve(lookup)
      },
      reject: (error) => {
        near.end(code, asked, undefined)
        asker.reject(error)
      },
    })
  }

  async #resolveAt(
    owners: RemoteOwners,
    placed: PlacedOwner,
    code: Code,
    visitor: Visitor,
  ): Promise<Resolved> {
    const { owner, epoch } = placed
    if (owner === null) throw new TinygridError('owner_unavailable')
    if (this.#isHere(placed)) return this.#local!.resolve(code, visitor)
    return owners.resolve(owner, { what: { code, visitor }, epoch })
  }

  /** As of another node: what the store takes long for, the fallback may know. */
  async #findHere({ clock }: Reach, code: Code): Promise<Lookup> {
    try {
      const { lookup } = await within(FIND_TIMEOUT_MS, 'a look-up', this.#local!.find(code), clock)
      return lookup
    } catch (cause) {
      if (cause instanceof TinygridError) throw cause
      throw new TinygridError('owner_unavailable', { cause })
    }
  }

  #isHere({ owner }: PlacedOwner): boolean {
    return this.#local !== undefined && owner === this.#nodeId
  }

  #found(lookup: Lookup, source: Source): Found {
    this.counters.answers[source]++
    return { lookup, source }
  }
}

function reachOf(
  options: RouterOptions,
  peers: Peers,
  now: () => EpochMs,
  counters: RouterCounters,
): Reach {
  const { placement, local, fallback } = options
  const { clock = systemClock, random = Math.random, defer = setImmediate } = options
  const holding = { placement, clock, random, counters }
  return {
    clock,
    owners: new RemoteOwners({ peers, clock, defer, counters }),
    fallback: new FallbackLookups({ ...fallback, local, now, clock, counters }),
    lookups: new HeldRequests({ ...holding, heldMax: LOOKUPS_HELD_MAX }),
    requests: new HeldRequests({ ...holding, heldMax: REQUESTS_HELD_MAX }),
    newOperationId: options.newOperationId ?? operationIds(),
  }
}

/** Names for the writes of this process, unique over all nodes and times. */
function operationIds(): () => string {
  const start = randomBytes(9).toString('base64url')
  let count = 0
  return () => `${start}.${(count++).toString(36)}`
}
