/**
 * Keeps the roll as the leases are; the controller's business.
 *
 * Used by the control loop, before it changes the table: so whoever hears of a new owner has heard of
 * its lease. A small cluster has no roll. One that cannot be written holds up nothing; it is tried again.
 */
import type { Clock } from '../../links/clock.ts'
import { hasCode } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import type { KeyValue } from './key-value.ts'
import type { Members, SeenRoll } from './members.ts'
import { ROLL_KEY, textOfRoll } from './roll.ts'

export interface RollKeeperOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly nodeId: NodeId
  readonly members: Members
  /** How many nodes there may be without a roll. */
  readonly judgesMax: number
  readonly onError: (error: unknown) => void
}

export class RollKeeper {
  readonly #options: RollKeeperOptions
  /** What the roll is known to be right for. */
  #kept: { readonly changes: number; readonly roll: SeenRoll | undefined } | undefined

  constructor(options: RollKeeperOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async keep(): Promise<void> {
    const { members, judgesMax, onError } = this.#options
    const { changes, roll } = members
    if (this.#kept?.changes === changes && this.#kept.roll === roll) return
    if (roll === undefined && members.leases.size <= judgesMax) return
    try {
      await this.#write(roll)
    } catch (error) {
      if (hasCode(error, 'key_value_conflict')) await this.#read().catch(onError)
      else onError(error)
    }
  }

  async #write(known: SeenRoll | undefined): Promise<void> {
    const { keyValue, nodeId, members, clock } = this.#options
    const { changes } = members
    const text = textOfRoll(nodeId, members.leases)
    if (known?.text !== text) {
      const revision =
        known === undefined
          ? await keyValue.create(ROLL_KEY, text)
          : await keyValue.update(ROLL_KEY, text, known.revision)
      members.observe({ key: ROLL_KEY, value: text, revision }, clock.now())
    }
    this.#kept = { changes, roll: members.roll }
  }

  /** What is there may be older than what is known here, which no watch tells. */
  async #read(): Promise<void> {
    const { keyValue, members, clock } = this.#options
    const entry = await keyValue.get(ROLL_KEY)
    members.observe(entry ?? { key: ROLL_KEY, value: undefined, revision: 0 }, clock.now())
  }
}
