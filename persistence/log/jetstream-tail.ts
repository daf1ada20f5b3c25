/**
 * Reads what a stream holds under a subject, in order, after a sequence.
 *
 * Used by `jetstream-log.ts`, for a tail of three entries and for one of 100,000, and by the click log. The
 * stream's leader tells the subject's last sequence; then batches of direct reads follow until it is
 * reached. Any replica may answer those, so one that lags is found by the end it does not know and
 * asked again; within a batch each message names the one before it, so none is missed.
 *
 * Rejected: an ordered consumer. It is no faster (256 tails of 20 entries take 0.2 s either way, and
 * 50,000 entries of one partition a second), leaves a thing to remove on the server for each
 * partition, and sits on one replica, which may lag without a word. Single reads: a round trip each.
 */
import { ErrorCode, NatsError, type JetStreamManager, type Msg } from 'nats'
import type { NatsConnection, StoredMsg } from 'nats'
import { newInbox } from '../../cluster/nats/nats-connection.ts'
import { TinygridError } from '../../links/errors.ts'
import { EXPECTED_LAST } from './jetstream-appends.ts'

export interface StreamReader {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  /** Between two messages of a batch. */
  readonly timeoutMs?: number | undefined
}

export interface StoredEntry {
  readonly sequence: number
  readonly subject: string
  /** What was the subject's last sequence when it was appended; undefined: it does not say. */
  readonly previous: number | undefined
  readonly payload: Buffer
}

const BATCH_ENTRIES_MAX = 1_000
/** One message may go over it by its own size. */
const BATCH_BYTES_MAX = 2 * 2 ** 20
const BATCH_TIMEOUT_MS = 2_000
/** How long a replica may lag behind what the leader has told. */
const LAG_MS_MAX = 2_000
const LAG_PAUSE_MS = 20

const NO_MESSAGE = 10037
const END_OF_BATCH = 204
const NONE_FOUND = 404

/** The newest message under `filter`, as the stream's leader knows it. */
export async function lastOf(
  { manager, stream }: StreamReader,
  filter: string,
): Promise<StoredMsg | undefined> {
  try {
    return await manager.streams.getMessage(stream, { last_by_subj: filter })
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return undefined
    throw error
  }
}

/**
 * Entries under `filter` with a sequence above `after`, up to the last one at least.
 *
 * @param known a sequence that the subject is known to have reached, whatever the server says; 0
 *   where the last entry may be removed
 * @throws whatever the driver throws, and TinygridError log_unavailable
 */
export async function* readSubject(
  reader: StreamReader,
  filter: string,
  after: number,
  known: number,
): AsyncGenerator<StoredEntry> {
  const findEnd = async () => Math.max((await lastOf(reader, filter))?.seq ?? 0, known)
  let end = await findEnd()
  let position = after
  let lagUntil = performance.now() + LAG_MS_MAX
  while (position < end) {
    const batch = await readBatch(reader, filter, position + 1)
    if (batch.length > 0) {
      yield* batch
      position = batch.at(-1)!.sequence
      lagUntil = performance.now() + LAG_MS_MAX
      continue
    }
    // The replica that answered lags, or the end was removed since.
    if (performance.now() > lagUntil) {
      throw new TinygridError('log_unavailable', { detail: `no replica holds ${filter} to ${end}` })
    }
    await new Promise((resolve) => {
      setTimeout(resolve, LAG_PAUSE_MS)
    })
    end = await findEnd()
  }
}

/** The next entries from sequence `from` on; none if there are none, as far as a replica knows. */
export function readBatch(
  { connection, stream, timeoutMs = BATCH_TIMEOUT_MS }: StreamReader,
  filter: string,
  from: number,
): Promise<StoredEntry[]> {
  return new Promise((resolve, reject) => {
    const entries: StoredEntry[] = []
    const inbox = newInbox(connection)
    let timer = setTimeout(timeOut, timeoutMs)
    const subscription = connection.subscribe(inbox, { callback: receive })
    const query = { seq: from, next_by_subj: filter, batch: BATCH_ENTRIES_MAX }
    const request = JSON.stringify({ ...query, max_bytes: BATCH_BYTES_MAX })
    connection.publish(`$JS.API.DIRECT.GET.${stream}`, request, { reply: inbox })

    function receive(error: Error | null, message: Msg): void {
      if (error !== null) return end(error)
      const status = message.headers?.code ?? 0
      if (status === NONE_FOUND) return end()
      if (status !== 0 && status !== END_OF_BATCH) return end(failureOf(message))
      // After a connection was lost and made again, what came in between is missing.
      const before = Number(message.headers?.get('Nats-Last-Sequence'))
      if (before !== (entries.at(-1)?.sequence ?? 0)) return end(new Error('a gap in a batch'))
      if (status === END_OF_BATCH) return end()
      entries.push(entryOf(message))
      timer = timer.refresh()
    }

    function timeOut(): void {
      end(NatsError.errorForCode(ErrorCode.Timeout))
    }

    function end(error?: Error): void {
      clearTimeout(timer)
      subscription.unsubscribe()
      if (error === undefined) resolve(entries)
      else reject(error)
    }
  })
}

function entryOf({ headers, data }: Msg): StoredEntry {
  const expected = headers!.get(EXPECTED_LAST)
  return {
    previous: /^\d{1,15}$/.test(expected) ? Number(expected) : undefined,
    sequence: Number(headers!.get('Nats-Sequence')),
    subject: headers!.get('Nats-Subject'),
    payload: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  }
}

function failureOf({ headers }: Msg): Error {
  return new Error(`${headers!.code} ${headers!.description}`)
}
