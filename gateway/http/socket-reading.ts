/**
 * Reads sockets into one buffer for all of them, without a stream in between.
 *
 * Used by the fast path, and by `connection-bounds.ts` for what Node's server gets. For every packet a socket's stream makes an ArrayBuffer of 64 KiB, a
 * Buffer and an event; a seventh of a redirect's CPU time went into that. `net.Socket` has an option
 * against it, `onread`, but a server passes no options to the sockets that it accepts. So this file
 * does to an accepted socket what the constructor does for `onread` (net.js: kBuffer, kBufferCb,
 * useUserBuffer), and is the only one that knows those names. On a Node without them, `canReadInto`
 * is false, and both stay out of the way. What is read must be copied before the call ends.
 *
 * Rejected: a second socket on the first one's handle, which leaves other listeners of `connection`
 * with a dead socket and the server with a wrong count.
 */
import { Socket } from 'node:net'

/** Takes bytes; false stops the reading until `readOn`. */
export type OnBytes = (length: number, buffer: Buffer) => boolean

const CONSUMED = '_consumed'
const STOPPED = '_paused'

interface Handle {
  /** Whether a parser reads it. */
  [CONSUMED]: boolean
  useUserBuffer(buffer: Buffer): void
}

type Parts = Record<symbol, unknown> & { readonly [HANDLE]: Handle | null }

const HANDLE = '_handle'

const SYMBOLS = new Map(
  Object.getOwnPropertySymbols(new Socket()).map((symbol) => [symbol.description, symbol]),
)
const BUFFER = SYMBOLS.get('kBuffer')
const ON_BYTES = SYMBOLS.get('kBufferCb')

export const canReadInto = BUFFER !== undefined && ON_BYTES !== undefined

/** Calls `onBytes` for all that comes from now on. The socket keeps `buffer` for as long as it is. */
export function readInto(socket: Socket, buffer: Buffer, onBytes: OnBytes): void {
  const parts = partsOf(socket)
  parts[BUFFER!] = buffer
  parts[ON_BYTES!] = onBytes
  parts[HANDLE]?.useUserBuffer(buffer)
}

/** Goes on after `onBytes` said false. */
export function readOn(socket: Socket): void {
  socket.read(0)
}

/** From now on the socket is a stream like any other; it may go on in the shared buffer inside. */
export function readAsStream(socket: Socket): void {
  partsOf(socket)[ON_BYTES!] = (length: number, buffer: Buffer) =>
    socket.push(Buffer.from(buffer.subarray(0, length)))
}

/**
 * Gives bytes back that were read from the socket, before anything else is: to whoever reads into a
 * buffer by now, otherwise to the stream.
 */
export function giveBack(socket: Socket, bytes: Buffer): void {
  const onBytes = partsOf(socket)[ON_BYTES!] as OnBytes | null | undefined
  if (onBytes) onBytes(bytes.length, bytes)
  else socket.unshift(bytes)
}

/** Keeps Node's HTTP parser from reading the socket by itself, past whoever reads into a buffer. */
export function keepFromParser(socket: Socket): void {
  const handle = partsOf(socket)[HANDLE]
  if (handle !== null) handle[CONSUMED] = true
}

/**
 * Whether Node's HTTP server takes no bytes of it for now, since its answers are not taken. The stream
 * may flow for a moment all the same, when something else lets it go on; bytes would end the process.
 */
export function isStoppedByServer(socket: Socket): boolean {
  return (socket as { [STOPPED]?: boolean })[STOPPED] === true
}

function partsOf(socket: Socket): Parts {
  return socket as unknown as Parts
}
