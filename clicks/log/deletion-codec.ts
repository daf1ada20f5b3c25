/**
 * The bytes of a batch that is a deletion: those of a click batch (`batch-layout.ts`) with another format number.
 *
 *   node, run, number, before, kind, id, value
 *
 * A format of its own, so that batches of clicks stay as readers of older programs know them; these pass over it.
 */
import {
  BODY_AT,
  CHECKSUM_AT,
  checksumOf,
  CODING,
  CODING_AT,
  DELETION_FORMAT,
  LENGTH_AT,
  unreadable,
} from './batch-layout.ts'
import type { BatchName } from './batch-writer.ts'
import { ByteSink } from './byte-sink.ts'
import type { ByteSource } from './byte-source.ts'
import { DELETION_ID_LENGTH_MAX, DELETION_KINDS, type ClickDeletion } from './click-deletion.ts'

const VALUE_LENGTH_MAX = 256

export function encodeDeletion(name: BatchName, { id, kind, value }: ClickDeletion): Buffer {
  const body = new ByteSink()
  body.text(name.node)
  body.text(name.run)
  body.number(name.number)
  body.number(name.before)
  body.number(DELETION_KINDS.indexOf(kind))
  body.text(id)
  body.text(value)
  const payload = Buffer.alloc(BODY_AT + body.length)
  payload[0] = DELETION_FORMAT
  payload[CODING_AT] = CODING.plain
  payload.writeUInt32BE(body.length, LENGTH_AT)
  payload.set(body.bytes, BODY_AT)
  payload.writeUInt32BE(checksumOf(payload), CHECKSUM_AT)
  return payload
}

/** What stands behind the name. @throws TinygridError internal */
export function readDeletion(source: ByteSource): ClickDeletion {
  const kind = DELETION_KINDS[source.number(DELETION_KINDS.length - 1)]!
  const id = source.text()
  const value = source.text()
  if (id.length > DELETION_ID_LENGTH_MAX || value === '' || value.length > VALUE_LENGTH_MAX)
    throw unreadable('it deletes what cannot be named')
  return { id, kind, value }
}
