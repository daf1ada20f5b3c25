/**
 * Reads the bytes of a click batch: a whole batch, or an error.
 *
 * Used by `decodeBatch`. Whatever the bytes are, what is made of them is bounded: the body by its
 * stated length before anything is decompressed, the rest by the body and the number of entries. How
 * the bytes lie is said in `batch-layout.ts`.
 */
import zlib from 'node:zlib'
import { parseFullCode } from '../../links/full-code.ts'
import { TIME_MAX, type Code, type EpochMs } from '../../links/ids.ts'
import {
  ADDRESS,
  BATCH_ENTRIES_MAX,
  BODY_AT,
  BODY_BYTES_MAX,
  CHECKSUM_AT,
  checksumOf,
  CODING,
  CODING_AT,
  DELETION_FORMAT,
  LENGTH_AT,
  RULE_MAX,
  RULED_FORMAT,
  unreadable,
  VISITOR_BYTES,
  ZSTD_WINDOW_LOG_MAX,
} from './batch-layout.ts'
import { ByteSource } from './byte-source.ts'
import { readDeletion } from './deletion-codec.ts'
import { CHANGE_KINDS, type ClickBatch, type ClickRecord, type LinkChange } from './click-batch.ts'

const STATUS_MAX = 999

type Origin = Pick<ClickRecord, 'address' | 'visitor' | 'headers'>

/** @throws TinygridError internal: damaged, not a click batch, or of a newer format */
export function readBatch(payload: Uint8Array): ClickBatch {
  const source = new ByteSource(bodyOf(payload))
  const node = source.text()
  const run = source.text()
  const number = source.number()
  const before = source.number()
  if (payload[0] === DELETION_FORMAT) {
    const deletion = readDeletion(source)
    source.end()
    return { node, run, number, before, clicks: [], changes: [], deletion }
  }
  const clicks = readClicks(source)
  const changes = readChanges(source)
  if (payload[0] === RULED_FORMAT) readRules(source, clicks)
  source.end()
  return { node, run, number, before, clicks, changes }
}

function bodyOf(payload: Uint8Array): Buffer {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  if (bytes.length > 0 && (bytes[0]! < 1 || bytes[0]! > RULED_FORMAT)) {
    throw unreadable(`it has format ${bytes[0]}, known are 1 to ${RULED_FORMAT}`)
  }
  if (bytes.length < BODY_AT || bytes.readUInt32BE(CHECKSUM_AT) !== checksumOf(bytes)) {
    throw unreadable('its checksum does not match')
  }
  const length = bytes.readUInt32BE(LENGTH_AT)
  if (length > BODY_BYTES_MAX) throw unreadable(`it is ${length} bytes long`)
  const body = uncompressed(bytes[CODING_AT]!, bytes.subarray(BODY_AT), length)
  if (body.length !== length) throw unreadable('it is not as long as it says')
  return body
}

function uncompressed(coding: number, stored: Buffer, length: number): Buffer {
  if (coding === CODING.plain) return stored
  if (coding !== CODING.zstd) throw unreadable(`it has the unknown coding ${coding}`)
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX }
  try {
    return zlib.zstdDecompressSync(stored, { maxOutputLength: Math.max(1, length), params })
  } catch {
    throw unreadable('it cannot be decompressed')
  }
}

type ReadRecord = { -readonly [Key in keyof ClickRecord]: ClickRecord[Key] }

function readClicks(source: ByteSource): ReadRecord[] {
  const codes = readMany(source, () => codeOf(source.text()))
  const headers = readMany(source, () => source.text())
  const queries = ['', ...readMany(source, () => source.text(), 2 * BATCH_ENTRIES_MAX)]
  const statuses = readMany(source, () => source.number(STATUS_MAX))
  const origins = readOrigins(source, headers)
  const count = source.count(BATCH_ENTRIES_MAX)
  const column = <T>(read: () => T): T[] => Array.from({ length: count }, read)
  let at = 0
  const times = column(() => (at = nextTime(source, at)))
  const code = column(() => pick(source, codes))
  const origin = column(() => pick(source, origins))
  const status = column(() => pick(source, statuses))
  const query = column(() => pick(source, queries))
  const targetQuery = column(() => pick(source, queries))
  return times.map((time, index) => {
    const { address, visitor, headers: text } = origin[index]!
    return {
      code: code[index]!,
      at: time as EpochMs,
      status: status[index]!,
      address,
      visitor,
      headers: text,
      query: query[index]!,
      targetQuery: targetQuery[index]!,
      rule: 0,
    }
  })
}

function readRules(source: ByteSource, clicks: readonly ReadRecord[]): void {
  let next = 0
  for (let left = source.count(clicks.length); left > 0; left--) {
    next += source.number(clicks.length - next - 1)
    const rule = source.number(RULE_MAX)
    if (rule === 0) throw unreadable('a rule is none')
    clicks[next++]!.rule = rule
  }
}

function readOrigins(source: ByteSource, headers: readonly string[]): Origin[] {
  const addresses = readMany(source, () => readAddress(source))
  const texts = addresses.map(() => pick(source, headers))
  const hasVisitor = addresses.map(() => source.number(1) === 1)
  return addresses.map((address, index) => {
    const visitor = hasVisitor[index] ? source.take(VISITOR_BYTES).toString('hex') : ''
    return { address, visitor, headers: texts[index]! }
  })
}

function readAddress(source: ByteSource): string {
  const kind = source.byte()
  if (kind === ADDRESS.none) return ''
  if (kind === ADDRESS.text) return source.text()
  if (kind === ADDRESS.four) return source.take(4).join('.')
  throw unreadable(`it has the unknown kind of address ${kind}`)
}

function readChanges(source: ByteSource): LinkChange[] {
  return readMany(source, () => ({
    kind: pick(source, CHANGE_KINDS),
    at: source.number(TIME_MAX) as EpochMs,
    code: codeOf(source.text()),
    url: source.text(),
    title: source.number(1) === 1 ? source.text() : null,
    tags: readMany(source, () => source.text()),
  }))
}

function readMany<T>(source: ByteSource, read: () => T, max = BATCH_ENTRIES_MAX): T[] {
  return Array.from({ length: source.count(max) }, read)
}

function pick<T>(source: ByteSource, values: readonly T[]): T {
  if (values.length === 0) throw unreadable('it names what it does not have')
  return values[source.number(values.length - 1)]!
}

function nextTime(source: ByteSource, last: number): number {
  const step = source.number(2 * TIME_MAX + 1)
  const time = last + (step % 2 === 0 ? step / 2 : -(step + 1) / 2)
  if (time < 0 || time > TIME_MAX) throw unreadable(`${time} is no time`)
  return time
}

function codeOf(text: string): Code {
  const code = parseFullCode(text)
  if (code === undefined) throw unreadable('a code is none')
  return code
}
