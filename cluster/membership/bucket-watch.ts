/**
 * What a node watches of the bucket: everything, or all but the leases of others.
 *
 * Used by Membership. A node begins with everything; `roll.ts` says who goes on so. Between two
 * watches nothing is missed: each tells first what there is, and what it leaves out of what was known
 * has been deleted meanwhile. What the next one tells waits until the one before has been stopped, so
 * that nothing older comes after it. If the next one cannot begin, the one before goes on. A node that goes by the roll still watches its own lease, which also shows
 * the adapter three times a second that the watch is alive.
 */
import type { Clock } from '../../links/clock.ts'
import type { NodeId } from '../../links/ids.ts'
import type { KeyValue, KeyValueEntry, StopWatch } from './key-value.ts'
import { leaseKey } from './lease.ts'
import { CONTROLLER_KEY, type Members } from './members.ts'
import { judgesAmong, ROLL_GRACE_MS, ROLL_KEY } from './roll.ts'
import { TABLE_KEY } from '../table/newest-table.ts'

const REVIEW_MS = 250
/**
 * After a watch that could not begin. Fewer leases are no hurry: permissions in NATS that were shipped
 * with an older program forbid a watch of some keys.
 */
const RETRY_MS = { all: 1_000, roll: 60_000 }

export interface BucketWatchOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly nodeId: NodeId
  readonly members: Members
  readonly judgesMax: number
  /** Whether this node holds the controller's key. */
  readonly isController: () => boolean
  readonly onEntry: (entry: KeyValueEntry) => void
  /** Every lease there is has been seen. */
  readonly onCurrent: () => void
  readonly onError: (error: unknown) => void
}

type Kind = 'all' | 'roll'

export class BucketWatch {
  readonly #options: BucketWatchOptions
  #kind: Kind = 'all'
  /** Of the watch under way; what others tell is not heard any more. */
  #number = 0
  #isComplete = false
  /** What is watched and has a value, with its revision. */
  readonly #known = new Map<string, number>()
  /** What the watch under way has told of. */
  readonly #told = new Set<string>()
  #isStopped = false
  #stopWatch: StopWatch = () => {}
  #cancelReview: () => void = () => {}
  /** No watch of the kind before, after one that could not begin. */
  readonly #notBefore: Record<Kind, number> = { all: -Infinity, roll: -Infinity }
  /** Since when the roll has not been in force. */
  #outOfForceSince: number | undefined

  constructor(options: BucketWatchOptions) {
    this.#options = options
  }

  /** All leases there are have been seen, and each change of them is: this node may judge. */
  get seesLeases(): boolean {
    return this.#kind === 'all' && this.#isComplete
  }

  /** @throws TinygridError key_value_unavailable */
  async begin(): Promise<void> {
    await this.#watch('all')
    this.#reviewIn(REVIEW_MS)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelReview()
    this.#stopWatch()
  }

  #reviewIn(ms: number): void {
    if (this.#isStopped) return
    this.#cancelReview = this.#options.clock.after(ms, () => void this.#review())
  }

  async #review(): Promise<void> {
    const { clock, onError } = this.#options
    const kind = this.#wanted()
    try {
      const isDue = kind !== this.#kind && clock.now() >= this.#notBefore[kind]
      if (isDue) await this.#watch(kind)
    } catch (error) {
      onError(error)
      this.#notBefore[kind] = clock.now() + RETRY_MS[kind]
    }
    this.#reviewIn(REVIEW_MS)
  }

  #wanted(): Kind {
    const { clock, members, nodeId, judgesMax, isController } = this.#options
    const now = clock.now()
    const roll = members.rollInForceAt(now)
    if (roll === undefined) {
      this.#outOfForceSince ??= now
      return now - this.#outOfForceSince >= ROLL_GRACE_MS ? 'all' : this.#kind
    }
    this.#outOfForceSince = undefined
    const isOne = !isController() && members.controller !== nodeId && roll.leases.has(nodeId)
    return isOne && !judgesAmong(roll.leases.keys(), judgesMax).has(nodeId) ? 'roll' : 'all'
  }

  async #watch(kind: Kind): Promise<void> {
    const { keyValue, nodeId, members } = this.#options
    const number = this.#number + 1
    let waiting: (() => void)[] | undefined = []
    const tell = (action: () => void) => {
      if (waiting !== undefined) waiting.push(action)
      else if (number === this.#number && !this.#isStopped) action()
    }
    const keys = kind === 'all' ? undefined : ownKeys(nodeId)
    const stopWatch = await keyValue.watch(
      (entry) => tell(() => this.#tell(entry)),
      () => tell(() => this.#complete()),
      keys,
    )
    this.#stopWatch()
    this.#stopWatch = stopWatch
    if (this.#isStopped) return stopWatch()
    this.#number = number
    this.#kind = kind
    this.#isComplete = false
    this.#told.clear()
    for (const key of this.#known.keys()) if (keys?.includes(key) === false) this.#known.delete(key)
    members.goBy(kind === 'all' ? 'leases' : 'roll', nodeId)
    const told = waiting
    waiting = undefined
    for (const action of told) tell(action)
  }

  #tell(entry: KeyValueEntry): void {
    const { key, value, revision } = entry
    this.#told.add(key)
    if (value === undefined) this.#known.delete(key)
    else this.#known.set(key, revision)
    this.#options.onEntry(entry)
  }

  #complete(): void {
    for (const [key, revision] of this.#known) {
      // The revision of its deletion is not known, but that it is a later one.
      if (!this.#told.has(key)) this.#tell({ key, value: undefined, revision: revision + 1 })
    }
    this.#isComplete = true
    if (this.#kind === 'all') this.#options.members.forgetUnseen()
    this.#options.onCurrent()
  }
}

function ownKeys(nodeId: NodeId): readonly string[] {
  return [TABLE_KEY, CONTROLLER_KEY, ROLL_KEY, leaseKey(nodeId)]
}
