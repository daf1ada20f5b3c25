/**
 * Owners on other nodes: asks them over the peers seam.
 *
 * Used by the router, which knows whom to ask. Everything travels in batches (`remote-batches.ts`).
 * A look-up has two steps: the owner answers from memory alone at first, so that a link which it
 * has to read from the store holds up nobody else's; only for such a link it is asked again.
 *
 * Every method rejects with what the owner refuses with, or with owner_unavailable when there is no
 * answer in time. Look-ups of a node that has just missed one are refused at once.
 */
import type { Clock } from '../links/clock.ts'
import { hasCode, TinygridError } from '../links/errors.ts'
import type { Code, NodeId } from '../links/ids.ts'
import type { Link, Lookup } from '../links/link.ts'
import {
  CODES_LIMITS,
  encodeCodes,
  encodeRequests,
  noAnswer,
  OWNER_CALLS,
  WRITES_LIMITS,
  type OwnerRequest,
} from '../cluster/peers/owner-protocol.ts'
import { parseLinkAnswer, parseLookup, parseWriteResult } from '../cluster/peers/owner-values.ts'
import { encodeWriteRequest, writeBytes } from '../cluster/peers/write-requests.ts'
import {
  parseResolved,
  RESOLVE_LIMITS,
  type ResolveRequest,
} from '../cluster/peers/resolve-values.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import type { WriteRequest, WriteResult } from '../links/link-owner.ts'
import type { Resolved } from '../links/resolution.ts'
import { RemoteBatches, type Asker } from './remote-batches.ts'
import { RemoteSuspects } from './remote-suspects.ts'
import type { RouterCounters } from './router-counters.ts'

/** An owner that has the link in memory answers within this. */
export const LOOKUP_TIMEOUT_MS = 150
/** For an owner that has to ask the store: one that takes longer is no better than the fallback. */
export const FIND_TIMEOUT_MS = 100
const READ_TIMEOUT_MS = 1_000
const WRITE_TIMEOUT_MS = 1_000

export interface RemoteOwnersOptions {
  readonly peers: Peers
  readonly clock: Clock
  readonly defer: (action: () => void) => void
  readonly counters: RouterCounters
}

export class RemoteOwners {
  readonly #peers: Peers
  readonly #suspects: RemoteSuspects
  readonly #lookups: RemoteBatches<Code, Lookup>
  readonly #finds: RemoteBatches<Code, Lookup>
  readonly #resolutions: RemoteBatches<ResolveRequest, Resolved>
  readonly #reads: RemoteBatches<Code, Link | undefined>
  readonly #writes: RemoteBatches<WriteRequest, WriteResult>

  constructor({ peers, clock, defer, counters }: RemoteOwnersOptions) {
    this.#peers = peers
    this.#suspects = new RemoteSuspects(clock)
    const onCall = () => counters.calls++
    const shared = { peers, defer, onCall }
    const ofCodes = { ...shared, encode: encodeCodes, limits: CODES_LIMITS }
    this.#lookups = new RemoteBatches({
      ...ofCodes,
      name: OWNER_CALLS.lookup,
      timeoutMs: LOOKUP_TIMEOUT_MS,
      parse: parseLookup,
      onCall: (node, call) => {
        onCall()
        this.#watch(node, call)
      },
    })
    const [find, read, write] = [OWNER_CALLS.find, OWNER_CALLS.read, OWNER_CALLS.write]
    this.#finds = new RemoteBatches({
      ...ofCodes,
      name: find,
      timeoutMs: FIND_TIMEOUT_MS,
      parse: parseLookup,
    })
    this.#resolutions = new RemoteBatches<ResolveRequest, Resolved>({
      ...shared,
      name: OWNER_CALLS.resolve,
      timeoutMs: LOOKUP_TIMEOUT_MS,
      encode: (requests) => encodeRequests(requests, (what) => what),
      parse: parseResolved,
      limits: RESOLVE_LIMITS,
    })
    this.#reads = new RemoteBatches({
      ...ofCodes,
      name: read,
      timeoutMs: READ_TIMEOUT_MS,
      parse: parseLinkAnswer,
    })
    this.#writes = new RemoteBatches<WriteRequest, WriteResult>({
      ...shared,
      name: write,
      timeoutMs: WRITE_TIMEOUT_MS,
      encode: (requests) => encodeRequests(requests, encodeWriteRequest),
      parse: parseWriteResult,
      limits: WRITES_LIMITS,
      bytesOf: writeBytes,
    })
  }

  /**
   * What a visitor gets. Never 'unknown'. Tells an asker, not a promise: this is where a redirect
   * by another node spends its time.
   */
  lookup(node: NodeId, request: OwnerRequest<Code>, asker: Asker<Lookup>): void {
    if (!this.#peers.isConnected) return asker.reject(new TinygridError('owner_unavailable'))
    if (this.#suspects.has(node)) {
      if (this.#suspects.beginProbe(node)) this.#probe(node, request)
      return asker.reject(new TinygridError('owner_unavailable'))
    }
    this.#lookups.ask(node, request, {
      resolve: (inMemory) => {
        if (inMemory.kind === 'unknown') this.#find(node, request, asker)
        else asker.resolve(inMemory)
      },
      reject: asker.reject,
    })
  }

  resolve(node: NodeId, request: OwnerRequest<ResolveRequest>): Promise<Resolved> {
    return this.#ask(this.#resolutions, node, request)
  }

  read(node: NodeId, request: OwnerRequest<Code>): Promise<Link | undefined> {
    return this.#ask(this.#reads, node, request)
  }

  write(node: NodeId, request: OwnerRequest<WriteRequest>): Promise<WriteResult> {
    return this.#ask(this.#writes, node, request)
  }

  /** By whatever it takes. */
  #find(node: NodeId, request: OwnerRequest<Code>, { resolve, reject }: Asker<Lookup>): void {
    this.#finds.ask(node, request, {
      resolve: (found) => (found.kind === 'unknown' ? reject(noAnswer()) : resolve(found)),
      reject,
    })
  }

  #ask<Request, Answered>(
    batches: RemoteBatches<Request, Answered>,
    node: NodeId,
    request: OwnerRequest<Request>,
  ): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (!this.#peers.isConnected) return reject(new TinygridError('owner_unavailable'))
      batches.ask(node, request, { resolve, reject })
    })
  }

  /** Only calls that the owner answers from memory say something about the node. */
  #watch(node: NodeId, call: Promise<unknown>): void {
    call.then(
      () => this.#suspects.clear(node),
      (error: unknown) => {
        if (hasCode(error, 'owner_unavailable')) this.#suspects.blame(node)
      },
    )
  }

  /** Nobody waits for it: `watch` sees what becomes of it. */
  #probe(node: NodeId, request: OwnerRequest<Code>): void {
    const end = () => this.#suspects.endProbe(node)
    this.#lookups.ask(node, request, { resolve: end, reject: end })
  }
}
