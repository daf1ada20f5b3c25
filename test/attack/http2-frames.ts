/**
 * Frames of HTTP/2 (RFC 9113) and heads in them (RFC 7541), written byte by byte.
 *
 * Used by attacks, which send what no library lets one send. Pure.
 */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const DATA = 0
const HEADERS = 1
const PRIORITY = 2
const RST_STREAM = 3
const SETTINGS = 4
const PING = 6
const WINDOW_UPDATE = 8
const CONTINUATION = 9
/** Of a type that nobody knows, which is passed over. */
const UNKNOWN = 0xbe

const END_STREAM = 1
const END_HEADERS = 4

/** Settings by their numbers. */
export const INITIAL_WINDOW_SIZE = 4

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function settings(...pairs: readonly (readonly [name: number, value: number])[]): Buffer {
  const payload = Buffer.concat(
    pairs.map(([name, value]) => Buffer.concat([Buffer.from([0, name]), number(value)])),
  )
  return frame(SETTINGS, 0, 0, payload)
}

export const ping = () => frame(PING, 0, 0, Buffer.alloc(8))
export const reset = (stream: number) => frame(RST_STREAM, 0, stream, number(8))
export const priority = (stream: number) => frame(PRIORITY, 0, stream, Buffer.alloc(5))
export const windowUpdate = (stream: number, bytes: number) =>
  frame(WINDOW_UPDATE, 0, stream, number(bytes))
export const data = (stream: number, payload: Buffer) => frame(DATA, 0, stream, payload)
export const unknown = () => frame(UNKNOWN, 0, 0, Buffer.alloc(64))

/** Without END_STREAM and without END_HEADERS unless told. */
export function headers(
  stream: number,
  block: Buffer,
  { isLast = true, isWhole = true } = {},
): Buffer {
  const flags = (isLast ? END_STREAM : 0) | (isWhole ? END_HEADERS : 0)
  return frame(HEADERS, flags, stream, block)
}

export const continuation = (stream: number, block: Buffer) => frame(CONTINUATION, 0, stream, block)

/** What stands in front of every request. */
export function requestBlock(method: 'GET' | 'POST', path: string, authority = 'a'): Buffer {
  return Buffer.concat([
    Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x87, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text(authority),
  ])
}

/** One more field, which nobody remembers. */
export const field = (name: string, value: string) =>
  Buffer.concat([Buffer.from([0x00]), text(name), text(value)])

/** One that is remembered, to be said again in a byte: 0xbe while it is the newest. */
export const rememberedField = (name: string, value: string) =>
  Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
export const AGAIN = 0xbe

/** A length in seven bits or more, and the bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length: number[] = []
  if (bytes.length < 127) length.push(bytes.length)
  else {
    length.push(127)
    let rest = bytes.length - 127
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}
