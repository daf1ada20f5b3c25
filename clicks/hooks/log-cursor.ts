/**
 * How far a webhook has come in the click log, and what it reads next.
 *
 * The place is saved after what lies before it was delivered or given up, and before a message is sent which part
 * of the log it is made of: so after a restart a message may be sent twice, but then as the same one, and
 * nothing is left out. What the log dropped before it was read is
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
  /** Positions that the log had dropped; 0 if `after` is of a log that had never held any. */
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
  // A log may begin at any position: who knew it empty cannot tell what was dropped from what never was.
  return { batches, last, lost: after === 0 ? 0 : from - after }
}

/** A part of the click log, with its first and last position. */
export interface LogSpan {
  readonly first: number
  readonly last: number
}

export class LogCursor {
  /** Positions that the log dropped before they were read. */
  lost = 0
  readonly #source: LogSource
  readonly #saved: SavedValues
  readonly #name: string
  #position: number | undefined
  /** What a message was made of that may have been sent. */
  #sending: LogSpan | undefined

  /** @param name under which the place is saved */
  constructor(source: LogSource, saved: SavedValues, name: string) {
    this.#source = source
    this.#saved = saved
    this.#name = name
  }

  /** Where reading goes on behind. One that was never saved begins at the log's end. */
  async position(): Promise<number> {
    if (this.#position !== undefined) return this.#position
    const text = (await this.#saved.list(this.#name)).get(this.#name)
    const [position, first, last] = (text ?? '').split(' ').map(Number)
    if (text === undefined || !Number.isSafeInteger(position)) {
      await this.skip()
      return this.#position!
    }
    this.#position = position!
    if (first !== undefined && last !== undefined) this.#sending = { first, last }
    return position!
  }

  /** What was to be sent when this was left off: it is sent first, as the same message. */
  async sending(): Promise<LogSpan | undefined> {
    await this.position()
    return this.#sending
  }

  /** Before a message is sent: if it is sent again, it is to be the same. */
  async beginSending({ first, last }: LogSpan): Promise<void> {
    await this.#saved.put(this.#name, `${await this.position()} ${first} ${last}`)
    this.#sending = { first, last }
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
    this.#sending = undefined
  }

  /** What is in the log by now is not told. */
  async skip(): Promise<void> {
    await this.moveTo((await this.#source.log.span()).lastPosition)
  }
}
