/**
 * How the click log lies in LMDB.
 *
 * Used by its writer and its readers. By position: what was appended (`batches`), and when, how long
 * and under which id (`entries`), apart so that dropping reads no payload. By id: the position
 * (`ids`). Of the log: the last position ever given and the bytes that are held (`state`).
 */
import type { EpochMs } from '../../links/ids.ts'
import type {
  Keyspace,
  LmdbEnvironment,
} from '../../persistence/data-directory/lmdb-environment.ts'

const POSITION_BYTES = 6
const STATE_KEY = Buffer.from('log')
const ENTRY_ID_AT = 10

export interface ClickLogState {
  readonly last: number
  readonly bytes: number
}

interface Entry {
  readonly storedAt: EpochMs
  readonly bytes: number
  readonly id: string
}

export class ClickTrees {
  readonly payloads: Keyspace
  readonly entries: Keyspace
  readonly ids: Keyspace
  /** By day: `daily-salts.ts`. */
  readonly salts: Keyspace
  readonly #state: Keyspace

  constructor(environment: LmdbEnvironment) {
    this.payloads = environment.keyspace('batches')
    this.entries = environment.keyspace('entries')
    this.ids = environment.keyspace('ids')
    this.salts = environment.keyspace('salts')
    this.#state = environment.keyspace('state')
  }

  state(): ClickLogState {
    const value = this.#state.getBinary(STATE_KEY)
    if (value === undefined) return { last: 0, bytes: 0 }
    return { last: value.readUIntBE(0, 6), bytes: value.readUIntBE(6, 6) }
  }

  /** Within a transaction. */
  putState({ last, bytes }: ClickLogState): void {
    const value = Buffer.alloc(12)
    value.writeUIntBE(last, 0, 6)
    value.writeUIntBE(bytes, 6, 6)
    void this.#state.put(STATE_KEY, value)
  }

  /** Of the oldest batch that is held; undefined: none is. */
  first(): number | undefined {
    for (const key of this.entries.getKeys({ limit: 1 })) return positionOf(key)
    return undefined
  }
}

/** @param day since 1970, UTC */
export function dayKey(day: number): Buffer {
  return positionKey(day)
}

export function positionKey(position: number): Buffer {
  const key = Buffer.alloc(POSITION_BYTES)
  key.writeUIntBE(position, 0, POSITION_BYTES)
  return key
}

export function positionOf(key: Buffer): number {
  return key.readUIntBE(0, POSITION_BYTES)
}

export function encodeEntry({ storedAt, bytes, id }: Entry): Buffer {
  const value = Buffer.alloc(ENTRY_ID_AT + Buffer.byteLength(id))
  value.writeUIntBE(storedAt, 0, 6)
  value.writeUInt32BE(bytes, 6)
  value.write(id, ENTRY_ID_AT)
  return value
}

export function decodeEntry(value: Buffer): Entry {
  return {
    storedAt: value.readUIntBE(0, 6) as EpochMs,
    bytes: value.readUInt32BE(6),
    id: value.toString('utf8', ENTRY_ID_AT),
  }
}
