/**
 * The bytes of a dead letter: u16 partition, u48 position, u16 length and UTF-8 of the reason, then
 * the payload, big-endian. The key stands beside it. Used by logs that keep letters as bytes.
 */
import assert from 'node:assert/strict'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { DeadLetter } from './log.ts'

const REASON_AT = 10
/** A reason is cut to this; it is a hint for a person. */
const REASON_BYTES_MAX = 2000

export function encodeDeadLetter(letter: DeadLetter): Buffer {
  const head = Buffer.alloc(REASON_AT)
  const reason = Buffer.from(letter.reason).subarray(0, REASON_BYTES_MAX)
  head.writeUInt16BE(letter.partition, 0)
  head.writeUIntBE(letter.position, 2, 6)
  head.writeUInt16BE(reason.length, 8)
  return Buffer.concat([head, reason, letter.payload])
}

/** Of a log that nobody else writes to. */
export function ownDeadLetter(key: string, bytes: Buffer): DeadLetter {
  const letter = decodeDeadLetter(key, bytes)
  assert(letter !== undefined, `the dead letter of ${key} is damaged`)
  return letter
}

/** undefined: it is none; another program put it there. */
export function decodeDeadLetter(key: string, bytes: Buffer): DeadLetter | undefined {
  if (bytes.length < REASON_AT) return undefined
  const payloadAt = REASON_AT + bytes.readUInt16BE(8)
  if (payloadAt > bytes.length) return undefined
  return {
    key,
    partition: bytes.readUInt16BE(0) as PartitionId,
    position: bytes.readUIntBE(2, 6) as LogPosition,
    reason: bytes.toString('utf8', REASON_AT, payloadAt),
    payload: bytes.subarray(payloadAt),
  }
}
