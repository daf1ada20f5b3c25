/**
 * Cuts off clients that do not read what they are answered.
 *
 * Used by the gateway, for every connection that Node's HTTP server has. A client that asks too
 * slowly, or nothing more, is cut off by Node's own time-outs; this is for the one whose answer stays
 * in memory. A look at all connections once in a while gives a time-out to those that have something
 * to read, which Node puts off for as long as they go on reading and takes back after the answer.
 *
 * Rejected: Node's `server.timeout`, which bounds the same and more, by a timer that every redirect
 * stops and starts: a tenth of all that it costs.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** How many times the connections are looked at within the time-out: it may be as much late. */
const LOOKS_PER_TIMEOUT = 10

/** Ends with the server. A client that reads nothing for `timeoutMs` is cut off. */
export function cutOffUnread(server: Server, timeoutMs: number): void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const timer = setInterval(() => {
    for (const socket of sockets) {
      if (socket.writableLength > 0 && !socket.timeout) socket.setTimeout(timeoutMs)
    }
  }, timeoutMs / LOOKS_PER_TIMEOUT)
  server.once('close', () => clearInterval(timer))
  timer.unref()
}
