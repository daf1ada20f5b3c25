/**
 * How far a webhook has come in the click log, and what it reads next.
 *
 * The place is saved after what lies before it was delivered or given up, so that after a restart something may
 * be told twice, under the same id, and nothing is left out. What the log dropped before it was read is
 * counted. A batch that cannot be decoded is passed over: analytics tells of it.
 */
import type { ClickBatch } from '../log/click-batch.ts'
import type { ClickLogReader } from '../log/click-log.ts'
import type { PlacedBatch } from './hook-message.ts'
import type { SavedValues } from './saved-values.ts'

export interface LogSource {
  readonly log: ClickLogReader
  /** undefined: it cannot be understood. */
  readonly decode: (payload: Uint8Array) => ClickBatch | undefined
}

export interface ReadPart {
  readonly batches: readonly PlacedBatch[]
  /** Up to where was read; as `after` if there was nothing. */
  readonly last: number
  /** Positions that the log had dropped. */
  readonly lost: number
}

/** The next batches behind `after`, up to a position. */
export async function readPart(
  { log, decode }: LogSource,
  after: number,
  upTo = Infinity,
): Promise<ReadPart> {
  const { firstPosition } = await log.span()
  const from = Math.max(after, firstPosition - 1)
  const batches: PlacedBatch[] = []
  let last = Math.min(from, upTo)
  for (const { position, payload } of await log.read(from)) {
    if (position > upTo) break
    last = position
    const batch = decode(payload)
    if (batch !== undefined) batches.push({ ...batch, position })
  }
  return { batches, last, lost: from - after }
}

export class LogCursor {
  /** Positions that the log dropped before they were read. */
  lost = 0
  readonly #source: LogSource
  readonly #saved: SavedValues
  readonly #name: string
  #position: number | undefined

  /** @param name under which the place is saved */
  constructor(source: LogSource, saved: SavedValues, name: string) {
    this.#source = source
    this.#saved = saved
    this.#name = name
  }

  /** Where reading goes on behind. One that was never saved begins at the log's end. */
  async position(): Promise<number> {
    if (this.#position !== undefined) return this.#position
    const saved = Number((await this.#saved.list(this.#name)).get(this.#name))
    if (Number.isSafeInteger(saved)) this.#position = saved
    else await this.skip()
    return this.#position!
  }

  async read(): Promise<ReadPart> {
    const part = await this.readFrom(await this.position())
    this.lost += part.lost
    return part
  }

  /** From a place behind the cursor, which stays where it is. */
  readFrom(after: number, upTo?: number): Promise<ReadPart> {
    return readPart(this.#source, after, upTo)
  }

  async moveTo(position: number): Promise<void> {
    await this.#saved.put(this.#name, String(position))
    this.#position = position
  }

  /** What is in the log by now is not told. */
  async skip(): Promise<void> {
    await this.moveTo((await this.#source.log.span()).lastPosition)
  }
}
