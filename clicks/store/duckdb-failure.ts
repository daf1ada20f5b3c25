/**
 * What went wrong in DuckDB, as the rest of the program knows it.
 *
 * DuckDB's library tells kinds of errors by the beginning of their text alone. Damage is told apart from
 * everything else, because it does not mend by waiting: the file has to go, and clicks be read anew.
 */
import { StartError, TinygridError, hasCode } from '../../links/errors.ts'

/** The file is damaged. Thrown by opening; later the cause of click_store_unavailable. */
export class ClickStoreDamageError extends StartError {
  override readonly name = 'ClickStoreDamageError'
}

/** Of bytes that are not as they were written, in the file or in its write-ahead log. */
const DAMAGE = [
  /checksum/i,
  /corrupt/i,
  /not a valid DuckDB database/i,
  /^Serialization Error/,
  /Failure while replaying WAL/i,
  /Could not read enough bytes/i,
  /Could not read all bytes/i,
  /^(INTERNAL|FATAL) Error.*(block|segment|deserializ)/i,
]
const INVALIDATED = /^FATAL Error|database has been invalidated/i

export function isDamage(error: unknown): boolean {
  // Paths are the operator's words, not DuckDB's.
  const text = messageOf(error).replaceAll(/"\/[^"]*"/g, '')
  return DAMAGE.some((pattern) => pattern.test(text))
}

/** Whether the instance is of no use any more, though the file may be as it should. */
export function isInvalidated(error: unknown): boolean {
  return INVALIDATED.test(messageOf(error))
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function damageOf(file: string, cause: unknown): ClickStoreDamageError {
  const reason = messageOf(cause).split('\n', 1)[0]!
  const advice = 'move it away to have it made anew from the click log'
  return new ClickStoreDamageError(`click store ${file} is damaged: ${reason}; ${advice}`, {
    cause,
  })
}

/** What to throw instead of an error of DuckDB. */
export function unavailable(file: string, error: unknown): TinygridError {
  if (hasCode(error, 'click_store_unavailable')) return error
  const cause = isDamage(error) ? damageOf(file, error) : error
  return new TinygridError('click_store_unavailable', { cause })
}
