/**
 * The salts of days in the cluster's key-value bucket: whoever needs one first makes it for all.
 *
 * A salt is there from shortly before its day until shortly after it. Who may read the bucket can
 * tell who a visitor of today is, of an address that he guesses; nobody can of an earlier day.
 */
import { hasCode } from '../../links/errors.ts'
import type { KeyValue } from '../../cluster/membership/key-value.ts'
import type { SaltStore } from './daily-salts.ts'

/** Days that are looked through for a salt to delete: all nodes may have been away for so long. */
const DAYS_BACK = 14

export class KeyValueSalts implements SaltStore {
  readonly #keyValue: Pick<KeyValue, 'get' | 'create' | 'delete'>

  constructor(keyValue: Pick<KeyValue, 'get' | 'create' | 'delete'>) {
    this.#keyValue = keyValue
  }

  async agree(day: number, offered: string): Promise<string> {
    const known = await this.#keyValue.get(keyOf(day))
    if (known?.value !== undefined) return known.value
    try {
      await this.#keyValue.create(keyOf(day), offered)
      return offered
    } catch (error) {
      if (!hasCode(error, 'key_value_conflict')) throw error
      return (await this.#keyValue.get(keyOf(day)))?.value ?? offered
    }
  }

  async forget(before: number): Promise<void> {
    for (let day = before - DAYS_BACK; day < before; day++) {
      const found = await this.#keyValue.get(keyOf(day))
      if (found?.value === undefined) continue
      try {
        await this.#keyValue.delete(keyOf(day), found.revision)
      } catch (error) {
        if (!hasCode(error, 'key_value_conflict')) throw error // another node was first
      }
    }
  }
}

function keyOf(day: number): string {
  return `clicks.salt.${day}`
}
