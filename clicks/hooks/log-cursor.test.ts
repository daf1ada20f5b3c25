import test from 'ava'
import { readPart, type LogSource } from './log-cursor.ts'

/** A log whose batches begin at a position; nobody can decode them. */
function logFrom(firstPosition: number): LogSource {
  const span = async () => ({ firstPosition, lastPosition: firstPosition, bytes: 1 })
  const read = async () => [{ position: firstPosition, payload: new Uint8Array() }]
  const log = { span, read, more: async () => {}, close: async () => {} }
  return { log, decode: () => undefined }
}

test('a log that begins at a late position has lost nothing to who knew it empty', async (t) => {
  t.like(await readPart(logFrom(1_800_000), 0), { last: 1_800_000, lost: 0 })
})

test('what the log dropped behind a place is counted', async (t) => {
  t.like(await readPart(logFrom(1_800_000), 1_799_990), { last: 1_800_000, lost: 9 })
})
