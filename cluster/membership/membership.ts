/**
 * This node's part in the cluster: its lease, what it sees of the others, the newest table.
 *
 * One per process of a cluster. Whatever serves partitions asks it before each answer whether the
 * node is fenced, reports through it what it has opened and released, and follows its table. All
 * agreement goes through the key-value store: no node ever asks another one who lives or who owns.
 *
 * Guarantees: no two nodes that are not fenced own the same partition, as far as each one
 * - answers for a partition only while the newest table here names it as the owner, it has opened it
 *   in that very epoch, has not released it, and `isFenced()` is false at that moment; and
 * - drops everything, synchronously, when `onDeclaredDead` calls.
 * A table that still names this node after that is no leave to serve: its partitions are opened
 * anew, in a higher epoch, and reported. Nothing is opened while the node is fenced: a node that is
 * cut off and goes by an old table would else go on taking the log from the owner by the new one.
 *
 * Survives an outage of the store of any length (fenced meanwhile), a slow watch (no worse than an
 * old table) and its own freezing (it judges nobody until it has observed anew).
 */
import { Changes } from './changes.ts'
import { pause } from '../../links/clock.ts'
import { ControlLoop } from '../table/control-loop.ts'
import { ownersAmong } from '../table/controller.ts'
import { LeasedKey } from './leased-key.ts'
import type { NodeId } from '../../links/ids.ts'
import { LeaseContent } from './lease-content.ts'
import { BucketWatch } from './bucket-watch.ts'
import type { KeyValueEntry } from './key-value.ts'
import { LEASE_FENCE_MS, LEASE_RENEW_MS, leaseKey, nodeOfLeaseKey } from './lease.ts'
import type { NodeLease, OpenedPartition, ReleasedPartition } from './lease.ts'
import { CONTROLLER_KEY, Members } from './members.ts'
import { eventsOfLease, eventsOfTable, type MembershipEvent } from './membership-event.ts'
import type { MembershipOptions } from './membership-options.ts'
import { RefusedInput } from '../refused-input.ts'
import { NewestTable, TABLE_KEY } from '../table/newest-table.ts'
import { CLAIM_RETRY_MS, claimName, tryToTake, type NameClaimOptions } from './name-claim.ts'
import { JUDGES_MAX } from './roll.ts'
import { RollKeeper } from './roll-keeper.ts'
import type { Table } from '../table/table.ts'

/** A node that could not renew its own lease for so long has not seen the others renew theirs. */
const OBSERVER_LAPSE_MS = 3 * LEASE_RENEW_MS
/** A node that leaves and cannot renew its lease for so long waits for nobody: others take over. */
const CUT_OFF_MS = 5_000

export class Membership {
  readonly #options: MembershipOptions
  readonly #members: Members
  readonly #tables: NewestTable
  readonly #lease: LeasedKey
  readonly #claim: NameClaimOptions
  /** The controller's key. */
  readonly #seat: LeasedKey
  readonly #loop: ControlLoop
  readonly #deathListeners = new Set<() => void>()
  readonly #changes = new Changes()
  readonly #content: LeaseContent
  #isClosed = false
  #isCutOff = false
  readonly #watch: BucketWatch

  constructor(options: MembershipOptions) {
    this.#options = options
    const { keyValue, clock, nodeId, partitions, judgesMax = JUDGES_MAX } = options
    const onError = (error: unknown): void => options.onError?.(error)
    const refused = options.refused ?? new RefusedInput()
    const holder = (options.random ?? Math.random)().toString(36).slice(2)
    const held = { keyValue, clock, nodeId, holder, onError }
    const onRefused = (kind: 'table' | 'lease' | 'controller' | 'roll', why: string): void =>
      refused.note(kind, `a value of the cluster in NATS was refused (${kind}): ${why}`)
    this.#tables = new NewestTable(partitions, (why) => onRefused('table', why))
    this.#members = new Members({ partitions, onRefused })
    this.#content = new LeaseContent(options)
    this.#lease = new LeasedKey({
      ...held,
      key: leaseKey(nodeId),
      content: () => this.#content.get(),
      onRenewed: (gapMs) => this.#observeAnewAfter(gapMs),
      onLost: () => this.#declaredDead(),
    })
    this.#claim = { nodeId, clock, lease: this.#lease, members: this.#members }
    this.#seat = new LeasedKey({
      ...held,
      key: CONTROLLER_KEY,
      content: () => ({}),
      onLost: () => {},
    })
    const watched = { ...held, members: this.#members, judgesMax }
    this.#watch = new BucketWatch({
      ...watched,
      isController: () => this.#seat.isHeld,
      onEntry: (entry) => this.#observe(entry),
      onCurrent: () => this.#changed(),
    })
    this.#loop = new ControlLoop({
      ...watched,
      roll: new RollKeeper(watched),
      tables: this.#tables,
      seesLeases: () => this.#watch.seesLeases,
      seat: this.#seat,
      mayJudge: () => this.#sinceRenewal() <= OBSERVER_LAPSE_MS,
      onChanged: (before, after, leases) => this.#tell(eventsOfTable(before, after, leases)),
    })
    this.#tables.onChange(() => this.#changed())
  }

  /** The newest one seen; that of a new cluster before `join`. */
  get table(): Table {
    return this.#tables.table
  }

  /** Calls `listener` with each newer table, until the returned function is called. */
  onTable(listener: (table: Table) => void): () => void {
    return this.#tables.onChange(listener)
  }

  get leases(): ReadonlyMap<NodeId, NodeLease> {
    return this.#members.leases
  }

  get controller(): NodeId | undefined {
    return this.#members.controller
  }

  /** How long this node has seen no renewal of a lease, in ms; undefined: it watches none of that name. */
  silenceOf = (node: NodeId) => this.#members.silenceAt(node, this.#options.clock.now())

  /** Whether this node must not answer as an owner: others may have declared it dead. */
  isFenced(): boolean {
    return this.#sinceRenewal() > LEASE_FENCE_MS
  }

  /** `listener` drops every partition before it returns; then a new lease is taken. */
  onDeclaredDead(listener: () => void): () => void {
    this.#deathListeners.add(listener)
    return () => this.#deathListeners.delete(listener)
  }

  /**
   * Takes the lease and follows the cluster, until there is a table.
   * After a failure, `close` it.
   * @param onNamed awaited once the lease is held: from then on the node's name is this process's
   * @throws StartError if a node of this name is there, TinygridError key_value_unavailable
   */
  async join(onNamed: () => Promise<void> = async () => {}): Promise<void> {
    await this.#watch.begin()
    await this.#changes.until(() => this.#watch.seesLeases)
    await claimName(this.#claim)
    await onNamed()
    this.#loop.start()
    await this.#changes.until(() => this.#tables.revision > 0)
  }

  /**
   * Reads the newest table there is. For an owner that the log has refused: before it opens a
   * partition anew it must know that it is its owner still, or it would take it from the next one.
   * @throws TinygridError key_value_unavailable
   */
  async refresh(): Promise<void> {
    const known = this.#tables.revision
    const entry = await this.#options.keyValue.get(TABLE_KEY)
    this.#tables.observeRead(entry, known, this.#options.clock.now())
  }

  /** Replaces what this node reports, and says so at once. */
  report(opened: readonly OpenedPartition[], released: readonly ReleasedPartition[]): void {
    this.#content.report(opened, released)
    this.#lease.renewSoon()
  }

  /** Gives all partitions to others and stays, or is given some again. A leave ends it. */
  drain(isWanted: boolean): void {
    this.#content.drain(isWanted)
    this.#lease.renewSoon()
  }

  /**
   * Asks to be rid of all partitions. Returns when the table has nothing of this node, nobody else
   * may have it, it is cut off, or the time is up; then whether the table has nothing of it.
   */
  async leave(timeoutMs: number): Promise<boolean> {
    this.#content.leave()
    this.#lease.renewSoon()
    const { clock } = this.#options
    const began = clock.now()
    const isOver = () => this.#isCutOff || clock.now() - began >= timeoutMs
    let isDone = false
    const look = () => {
      if (isDone) return
      this.#isCutOff = clock.now() - Math.max(began, this.#lease.renewedAt ?? 0) >= CUT_OFF_MS
      this.#changes.tell()
      clock.after(Math.min(LEASE_RENEW_MS, timeoutMs), look)
    }
    look()
    await this.#changes.until(() => isOver() || !this.#isInTable() || !this.#hasHeirs())
    isDone = true
    return !this.#isInTable()
  }

  /** Whether leaving was given up because the bucket could not be reached. */
  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /** Gives up the lease and follows nothing any more. Whoever calls it has stopped serving. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#loop.stop()
    await this.#seat.release()
    await this.#lease.release()
    this.#watch.stop()
    this.#changes.end()
  }

  #sinceRenewal(): number {
    const { renewedAt } = this.#lease
    return renewedAt === undefined ? Infinity : this.#options.clock.now() - renewedAt
  }

  #observeAnewAfter(gapMs: number): void {
    if (gapMs > OBSERVER_LAPSE_MS) this.#members.restart(this.#options.clock.now())
  }

  #observe(entry: KeyValueEntry): void {
    try {
      if (entry.key === TABLE_KEY) {
        this.#tables.observe(entry, this.#options.clock.now())
        return
      }
      this.#observeMember(entry)
    } catch (error) {
      this.#options.onError?.(error)
    }
  }

  #observeMember(entry: KeyValueEntry): void {
    const { leases, controller } = this.#members
    const node = nodeOfLeaseKey(entry.key)
    const before = node === undefined ? undefined : leases.get(node)
    if (!this.#members.observe(entry, this.#options.clock.now())) return
    if (node !== undefined) this.#tell(eventsOfLease(node, before, leases.get(node)))
    else if (entry.key === CONTROLLER_KEY) this.#tellOfController(controller)
    this.#changed()
  }

  #tellOfController(before: NodeId | undefined): void {
    const { controller } = this.#members
    if (controller === undefined || controller !== this.#options.nodeId) return
    // The watch may be faster than the answer to the write that took the key.
    this.#options.onEvent?.({
      kind: 'controller_changed',
      nodeId: controller,
      before: before ?? null,
    })
  }

  #tell(events: readonly MembershipEvent[]): void {
    if (!this.#seat.isHeld) return
    for (const event of events) this.#options.onEvent?.(event)
  }

  #changed(): void {
    this.#changes.tell()
    this.#loop.wake()
  }

  #declaredDead(): void {
    this.#content.report([], [])
    for (const listener of this.#deathListeners) listener()
    void this.#rejoin()
  }

  /**
   * The table is read before the new lease is taken: the copy here may be as old as this node was
   * frozen, and would have it open partitions anew that others serve by now.
   */
  async #rejoin(): Promise<void> {
    const { clock, onError } = this.#options
    while (!this.#isClosed && !this.#lease.isHeld) {
      try {
        await this.refresh()
        if (await tryToTake(this.#claim)) return
      } catch (error) {
        onError?.(error)
      }
      await pause(clock, CLAIM_RETRY_MS)
    }
  }

  #isInTable(): boolean {
    const { nodeId } = this.#options
    return this.table.rows.some(({ owner, target }) => owner === nodeId || target === nodeId)
  }

  #hasHeirs(): boolean {
    return ownersAmong(this.leases).some((node) => node !== this.#options.nodeId)
  }
}
