/**
 * What a failed append to JetStream means: the server's and the driver's errors as the log's codes.
 *
 * Used by `jetstream-log.ts`; pure. Strict in one direction: `log_uncertain` is for whatever is not
 * known for sure, since a write that is called "not appended" and is appended would be seen later
 * by nobody who waited for it. The numbers are those of the server's own list (`errors.json`).
 */
import { ErrorCode, NatsError, type ApiError } from 'nats'
import { TinygridError, type ErrorCode as TinygridErrorCode } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'

interface FailedAppend {
  readonly partition: PartitionId
  readonly expectedLast: LogPosition
}

const WRONG_LAST_SEQUENCE = 10071
/**
 * A subject's last message is never removed, so this is said by a server that looked in vain: its
 * store is closing under the look-up, or the partition was never written.
 */
const NO_SEQUENCE = /: 0$/
const STORE_FAILED = 10077
/** Account, memory, storage and server at their bounds; all found before anything is stored. */
const OUT_OF_RESOURCES = new Set([10002, 10023, 10028, 10047])
/** Without JetStream, for the account or at all, and a message above a bound. */
const REFUSED = new Set([10039, 10054, 10076])
/** Found by the driver, before it has sent anything. */
const NOT_SENT = new Set<string>([ErrorCode.MaxPayloadExceeded, ErrorCode.ConnectionDraining])
/** Nobody was there to hear the message: a server that finds no stream for it says so itself. */
const NOT_HEARD: string = ErrorCode.NoResponders

/**
 * @param endsElsewhere tells, by reading the partition's end, that it is not `expectedLast`; asked
 *   where the server's own word for it is in doubt
 */
export async function appendFailureOf(
  cause: unknown,
  append: FailedAppend,
  endsElsewhere: () => Promise<boolean>,
): Promise<TinygridError> {
  const isReplaced = saysReplaced(cause)
  const isDoubtful = isReplaced && append.expectedLast > 0 && NO_SEQUENCE.test(cause.message)
  const code = !isReplaced
    ? codeOf(cause)
    : isDoubtful && !(await endsElsewhere().catch(() => false))
      ? 'log_uncertain'
      : 'log_replaced'
  const at = `partition ${append.partition} after ${append.expectedLast}`
  const detail = `append to ${at} failed: ${descriptionOf(cause)}`
  return new TinygridError(code, { cause, detail })
}

/** A failed read, trim or dead letter: may be repeated, so only that it failed matters. */
export function unavailable(what: string, cause: unknown): TinygridError {
  if (cause instanceof TinygridError) return cause
  const detail = `${what} failed: ${descriptionOf(cause)}`
  return new TinygridError('log_unavailable', { cause, detail })
}

function saysReplaced(cause: unknown): cause is NatsError {
  return cause instanceof NatsError && cause.api_error?.err_code === WRONG_LAST_SEQUENCE
}

function codeOf(cause: unknown): TinygridErrorCode {
  if (!(cause instanceof NatsError)) return 'log_uncertain'
  if (cause.api_error !== undefined) return codeOfReply(cause.api_error)
  const isLost = cause.code === NOT_HEARD || NOT_SENT.has(cause.code)
  return isLost ? 'log_unavailable' : 'log_uncertain'
}

function codeOfReply({ err_code: code = 0, description }: ApiError): TinygridErrorCode {
  // "maximum bytes exceeded" and its kin come before anything is stored; other failures of the
  // store, a disk error half-way through a write among them, may have left the entry there.
  if (code === STORE_FAILED) return description.startsWith('maximum') ? 'log_full' : 'log_uncertain'
  if (OUT_OF_RESOURCES.has(code)) return 'log_full'
  // What is left includes 10163 and 10164: an earlier append of this partition, perhaps this very
  // one, is still on its way through the replicas. This one is refused, that one may yet succeed.
  return REFUSED.has(code) ? 'log_unavailable' : 'log_uncertain'
}

function descriptionOf(cause: unknown): string {
  if (cause instanceof NatsError && cause.api_error !== undefined) {
    return cause.api_error.description
  }
  return cause instanceof Error ? cause.message : String(cause)
}
